<?php

/**
 * Publishes notifications of all types, the same ones for the same seed. Some arrive twice, some out of order.
 *
 *     php publish.php --messages N --seed S --log FILE [--rate MESSAGES_PER_SECOND] [--reserve N --until FILE]
 *     php publish.php --messages N --seed S --print | php oracle.php
 *
 * The log gets one line per distinct message, after the broker has confirmed all of its copies:
 * {"id","type","key","copies","published_at"}. A broker that goes away is waited for; what it had not confirmed is
 * published again. The last --reserve deliveries wait until the file --until is there, so that whoever does something
 * under traffic, however slowly, finds some left. With --print nothing is published: the notifications go to standard
 * output, as the oracle reads them. Exit codes: 0 all published, 1 RabbitMQ is unreachable, 2 wrong usage, 3 wrong configuration.
 */

declare(strict_types=1);

use Monolith\Runtime;
use Monolith\Settings;
use Monolith\Simulation\Post;
use Monolith\Simulation\Sample;
use Monolith\Simulation\Scenario;
use Monolith\Simulation\Treezor;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use Symfony\Component\Messenger\Exception\TransportException;

require dirname(__DIR__) . '/autoload.php';
require 'PhpAmqpLib/autoload.php';
require 'Symfony/Component/Messenger/autoload.php';

const WINDOW_MESSAGES = 100;
const WINDOW_S = 0.05;
const TRIES = 30;
const PAUSE_US = 1_000_000;
const LOOK_AGAIN_US = 50_000;

Runtime::prepare();
$options = getopt('', ['messages:', 'seed:', 'log:', 'rate:', 'reserve:', 'until:', 'print']);
foreach (['messages', 'seed', isset($options['print']) ? 'print' : 'log'] as $needed) {
    if (!isset($options[$needed])) {
        fwrite(STDERR, "usage: php publish.php --messages N --seed S --log FILE [--rate PER_SECOND] | --print\n");
        exit(2);
    }
}
$rate = (float) ($options['rate'] ?? 0);
$settings = Settings::fromEnvironment();
$sample = new Sample((int) $options['seed']);
$deliveries = (new Scenario($sample, new Treezor($sample, $settings->webhookSecret)))
    ->deliveries((int) $options['messages']);
if (isset($options['print'])) {
    foreach ($deliveries as $delivery) {
        fwrite(STDOUT, json_encode($delivery->transcript(), JSON_UNESCAPED_SLASHES) . "\n");
    }
    exit(0);
}
$log = fopen($options['log'], 'w');
$free = count($deliveries) - (int) ($options['reserve'] ?? 0);
$window = $rate > 0 ? max(1, min(WINDOW_MESSAGES, (int) ($rate * WINDOW_S))) : WINDOW_MESSAGES;

$post = null;
$publishedAt = $confirmed = [];
$delivered = 0;
$startedAt = microtime(true);
foreach (array_chunk($deliveries, $window) as $chunk) {
    $heldAt = microtime(true);
    while (isset($options['until']) && $delivered >= $free && !file_exists($options['until'])) {
        usleep(LOOK_AGAIN_US);
    }
    $startedAt += microtime(true) - $heldAt;
    foreach ($chunk as $delivery) {
        $publishedAt[$delivery->id] ??= new DateTimeImmutable('now', new DateTimeZone('UTC'));
    }
    for ($try = 1;; $try++) {
        try {
            $post ??= new Post($settings->amqpUrl);
            $post->publish($chunk);
            break;
        } catch (AMQPExceptionInterface | TransportException | AMQPException $trouble) {
            Runtime::log('publish: ' . $trouble::class . ', try ' . $try);
            if ($try === TRIES || $delivered === 0) {
                Runtime::log('publish: RabbitMQ is unreachable, see AMQP_URL');
                exit(1);
            }
            $post = null;
            usleep(PAUSE_US);
        }
    }
    foreach ($chunk as $delivery) {
        $confirmed[$delivery->id] = ($confirmed[$delivery->id] ?? 0) + 1;
        if ($confirmed[$delivery->id] < $delivery->copies) {
            continue;
        }
        fwrite($log, json_encode([
            'id' => $delivery->id,
            'type' => $delivery->type,
            'key' => $delivery->key,
            'copies' => $delivery->copies,
            'published_at' => $publishedAt[$delivery->id]->format('Y-m-d\TH:i:s.v\Z'),
        ], JSON_UNESCAPED_SLASHES) . "\n");
    }
    fflush($log);
    $delivered += count($chunk);
    if ($rate > 0) {
        usleep((int) max(0, 1_000_000 * ($startedAt + $delivered / $rate - microtime(true))));
    }
}
$post?->close();
