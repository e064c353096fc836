<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Message\AMQPMessage;

/**
 * Publishes outcomes to the exchange strangler.outcomes and returns when the broker has confirmed all of them and put
 * them into a queue: `$outbox->flush($outlet->deliver(...))`. Receivers drop a second copy by
 * message_id.
 */
final class AmqpOutlet
{
    public const EXCHANGE = 'strangler.outcomes';
    public const QUEUE = 'strangler.outcomes';

    private readonly ConfirmedChannel $confirmed;

    /** @param AMQPChannel $channel one of its own: it is put into confirm mode */
    public function __construct(private readonly AMQPChannel $channel, float $timeout_s = 10.0)
    {
        $this->confirmed = new ConfirmedChannel($channel, $timeout_s);
    }

    /** Declares exchange and queue, so that outcomes are kept even before anything of ours runs. */
    public function declare(): void
    {
        $this->channel->exchange_declare(self::EXCHANGE, 'fanout', false, true, false);
        $this->channel->queue_declare(self::QUEUE, false, true, false, false);
        $this->channel->queue_bind(self::QUEUE, self::EXCHANGE);
    }

    /**
     * @param list<array{message_id: string, attempt: int, type: string, document: string}> $rows
     * @throws \PhpAmqpLib\Exception\AMQPExceptionInterface if the broker is away, slow, refuses, or has no
     *         queue bound to the exchange
     */
    public function deliver(array $rows): void
    {
        foreach ($rows as $row) {
            $message = new AMQPMessage($row['document'], [
                'content_type' => 'application/json',
                'delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT,
                'message_id' => self::short("{$row['message_id']}:{$row['attempt']}"),
                'type' => 'strangler.outcome',
            ]);
            $this->confirmed->publish($message, self::EXCHANGE, self::short($row['type']));
        }
        $this->confirmed->settle();
    }

    /** AMQP's short strings end at 255 bytes. One hostile id must not keep the others from leaving. */
    private static function short(string $text): string
    {
        return strlen($text) <= 255 ? $text : 'sha256:' . hash('sha256', $text);
    }
}
