<?php

/**
 * Consumes one family's queue until SIGTERM or SIGINT, which let the message in hand finish.
 *
 *     php consume.php --family payin|payout|cardtransaction|balance [--queue NAME]
 *
 * NAME: a queue that somebody else makes and fills (the router's strangler.legacy.FAMILY), instead of the family's own.
 * Exit codes: 0 stopped, 2 wrong usage, 3 wrong configuration. A broker that is away, and a queue that does not exist
 * yet, are waited for.
 */

declare(strict_types=1);

use Monolith\Broker;
use Monolith\Consumer\JsonConsumer;
use Monolith\Consumer\PayoutConsumer;
use Monolith\Consumer\UnavailableQueue;
use Monolith\Family;
use Monolith\Monolith;
use Monolith\Runtime;
use Monolith\Settings;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use Symfony\Component\Messenger\Exception\TransportException;

require dirname(__DIR__) . '/autoload.php';
require 'PhpAmqpLib/autoload.php';

const SHORTEST_PAUSE_S = 0.1;
const LONGEST_PAUSE_S = 5.0;

Runtime::prepare();
$settings = Settings::fromEnvironment();
$options = getopt('', ['family:', 'queue:'], $end);
$family = Family::tryFrom((string) ($options['family'] ?? ''));
$queue = $options['queue'] ?? null;
if ($family === null || $queue === '' || is_array($queue) || $end !== $argc) {
    fwrite(STDERR, "usage: php consume.php --family payin|payout|cardtransaction|balance [--queue NAME]\n");
    exit(2);
}
if ($family === Family::Payout) {
    require 'Symfony/Component/Messenger/autoload.php';
}

$monolith = Monolith::bootstrap($settings->dsn, $settings->webhookSecret, $family->value);
$consumer = $connection = null;
$stopping = false;
pcntl_async_signals(true);
foreach ([SIGTERM, SIGINT] as $signal) {
    pcntl_signal($signal, function () use (&$consumer, &$stopping): void {
        $stopping = true;
        $consumer?->stop();
    });
}

$pause_s = SHORTEST_PAUSE_S;
while (!$stopping) {
    $since = microtime(true);
    try {
        $connection = Broker::connect($settings->amqpUrl);
        $consumer = $family === Family::Payout
            ? new PayoutConsumer($connection, $settings->amqpUrl, $monolith, $queue)
            : new JsonConsumer($connection, $monolith, $family, $queue ?? $family->queue());
        if (!$stopping) {
            $consumer->run();
        }
    } catch (AMQPExceptionInterface | TransportException | \AMQPException | \PDOException | UnavailableQueue $trouble) {
        $consumer = null;
        if ($connection !== null) {
            Broker::cut($connection);
        }
        $connection = null;
        gc_collect_cycles(); // Symfony's own connection ends with its objects, and they refer to each other.
        if ($stopping) {
            break;
        }
        // A broker that answers and then refuses what waits is to be left in peace as one that is away.
        $pause_s = microtime(true) - $since > LONGEST_PAUSE_S ? SHORTEST_PAUSE_S : $pause_s;
        $what = $trouble instanceof UnavailableQueue ? $trouble->getMessage() : $trouble::class;
        Runtime::log(sprintf('%s: %s, again in %.1f s', $family->value, $what, $pause_s));
        usleep((int) ($pause_s * 1_000_000));
        $pause_s = min(LONGEST_PAUSE_S, $pause_s * 2);
    }
}
Runtime::log("{$family->value}: stopped");
