<?php

/**
 * Creates the tables, exchanges and queues of the monolith, and the recorder's. Safe to repeat.
 *
 *     MONOLITH_DSN=sqlite:/tmp/monolith.sqlite AMQP_URL=amqp://guest:guest@127.0.0.1:5672/ php setup.php
 *
 * Exit codes: 0 done, 1 RabbitMQ is unreachable, 3 wrong configuration.
 */

declare(strict_types=1);

use Monolith\Broker;
use Monolith\Monolith;
use Monolith\Runtime;
use Monolith\Settings;
use PhpAmqpLib\Exception\AMQPExceptionInterface;

require dirname(__DIR__) . '/autoload.php';
require 'PhpAmqpLib/autoload.php';

Runtime::prepare();
$settings = Settings::fromEnvironment();
Monolith::bootstrap($settings->dsn, $settings->webhookSecret, 'setup')->install();
try {
    $connection = Broker::connect($settings->amqpUrl);
} catch (AMQPExceptionInterface) {
    Runtime::log('setup: RabbitMQ is unreachable, see AMQP_URL');
    exit(1);
}
Broker::declare($connection->channel());
$connection->close();
