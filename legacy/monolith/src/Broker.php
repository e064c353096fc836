<?php

declare(strict_types=1);

namespace Monolith;

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPConnectionClosedException;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use PhpAmqpLib\Wire\AMQPTable;
use Strangler\Recorder\AmqpOutlet;

/**
 * How this application reaches RabbitMQ, and the exchanges and queues that it owns.
 */
final class Broker
{
    private const HEARTBEAT_S = 20;
    /** AMQP 0-9-1 reply codes: access-refused, not-allowed. */
    private const REFUSED = [403, 530];
    private const FOLLOW_UPS_KEPT = 10000;

    /**
     * @throws ConfigurationError if AMQP_URL can never work: malformed, or its credentials or vhost are refused
     * @throws AMQPExceptionInterface if the broker is unreachable at the moment
     */
    public static function connect(string $url): AMQPStreamConnection
    {
        $parts = parse_url($url);
        if ($parts === false || ($parts['scheme'] ?? '') !== 'amqp' || !isset($parts['host'])) {
            throw new ConfigurationError('AMQP_URL must look like amqp://user:password@host:5672/vhost');
        }
        $vhost = rawurldecode(ltrim($parts['path'] ?? '', '/'));
        try {
            return new AMQPStreamConnection(
                $parts['host'],
                $parts['port'] ?? 5672,
                rawurldecode($parts['user'] ?? 'guest'),
                rawurldecode($parts['pass'] ?? 'guest'),
                $vhost === '' ? '/' : $vhost,
                connection_timeout: 3.0,
                read_write_timeout: self::HEARTBEAT_S * 2.0,
                keepalive: true,
                heartbeat: self::HEARTBEAT_S,
            );
        } catch (AMQPConnectionClosedException $closed) {
            if (in_array($closed->getCode(), self::REFUSED, true)) {
                throw new ConfigurationError("RabbitMQ at {$parts['host']} refuses user or vhost, see AMQP_URL");
            }
            throw $closed;
        }
    }

    /** Cuts a connection that is in trouble: what was not acknowledged is back in its queue at once. */
    public static function cut(AMQPStreamConnection $connection): void
    {
        $connection->set_close_on_destruct(false);
        $connection->getIO()->close();
    }

    /** Safe to repeat: everything is declared as it is. */
    public static function declare(AMQPChannel $channel): void
    {
        foreach (['notifications' => 'topic', 'payouts' => 'fanout', 'accounting' => 'topic'] as $exchange => $type) {
            $channel->exchange_declare($exchange, $type, false, true, false);
        }
        foreach (Family::cases() as $family) {
            $channel->queue_declare($family->queue(), false, true, false, false);
            foreach ($family === Family::Payout ? [''] : $family->types() as $routingKey) {
                $channel->queue_bind($family->queue(), $family->exchange(), $routingKey);
            }
        }
        // Accounting is not part of this stand-in: its queue keeps the latest only.
        $channel->queue_declare('monolith.accounting', false, true, false, false, false, new AMQPTable([
            'x-max-length' => self::FOLLOW_UPS_KEPT,
            'x-overflow' => 'drop-head',
        ]));
        $channel->queue_bind('monolith.accounting', 'accounting', '#');
        (new AmqpOutlet($channel))->declare();
    }
}
