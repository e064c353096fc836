<?php

/**
 * What would the monolith make of these notifications? Reads one per line, answers with one outcome per line, in
 * order, and talks to no broker. Follow-ups and webhooks are recorded and go nowhere.
 *
 *     php oracle.php [--database FILE] [--now 2026-11-21T10:00:00Z] < notifications.ndjson > outcomes.ndjson
 *
 * A line: {"id","type","exchange","routing_key","body_base64","properties":{},"headers":{}}. Without --database each
 * run starts from nothing. WEBHOOK_SECRET signs.
 */

declare(strict_types=1);

use Monolith\Clock;
use Monolith\Monolith;
use Monolith\Oracle;
use Monolith\Runtime;
use Monolith\Settings;

require dirname(__DIR__) . '/autoload.php';
require 'Symfony/Component/Messenger/autoload.php';

Runtime::prepare();
$options = getopt('', ['database:', 'now:'], $end);
if ($end !== $argc) {
    fwrite(STDERR, "usage: php oracle.php [--database FILE] [--now INSTANT]\n");
    exit(2);
}
$clock = new Clock(isset($options['now']) ? new \DateTimeImmutable($options['now']) : null);
$monolith = Monolith::bootstrap(
    'sqlite:' . ($options['database'] ?? ':memory:'),
    Settings::fromEnvironment()->webhookSecret,
    'oracle',
    recordOnly: true,
    clock: $clock,
);
$monolith->install();
$oracle = new Oracle($monolith);
while (($line = fgets(STDIN)) !== false) {
    if (trim($line) === '') {
        continue;
    }
    fwrite(STDOUT, $oracle->answer($line) . "\n");
    fflush(STDOUT);
}
