<?php

/**
 * Prints the publisher's scenario, one delivery per line, in the oracle's form: the same messages, without a broker.
 */

declare(strict_types=1);

use App\Message\PayoutUpdate;
use Monolith\Runtime;
use Monolith\Simulation\Sample;
use Monolith\Simulation\Scenario;
use Monolith\Simulation\Treezor;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Stamp\BusNameStamp;
use Symfony\Component\Messenger\Transport\Serialization\PhpSerializer;

require dirname(__DIR__, 3) . '/legacy/monolith/autoload.php';
require 'Symfony/Component/Messenger/autoload.php';

Runtime::prepare();
[, $count, $seed, $secret] = $argv;
$sample = new Sample((int) $seed);
foreach ((new Scenario($sample, new Treezor($sample, $secret)))->deliveries((int) $count) as $delivery) {
    $isPayout = $delivery->content instanceof PayoutUpdate;
    $body = $isPayout
        ? (new PhpSerializer())->encode(new Envelope($delivery->content, [new BusNameStamp('messenger.bus.default')]))['body']
        : $delivery->content;
    echo json_encode([
        'id' => $delivery->id,
        'type' => $delivery->type,
        'exchange' => $isPayout ? 'payouts' : 'notifications',
        'routing_key' => $isPayout ? '' : $delivery->type,
        'body_base64' => base64_encode($body),
        'properties' => $isPayout ? (object) [] : ['message_id' => $delivery->id],
        'headers' => (object) [],
    ]), "\n";
}
