<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Exception\AMQPRuntimeException;
use PhpAmqpLib\Message\AMQPMessage;

/**
 * Publishes so that what is safe can be told from what is not. A confirm alone does not say it: the broker confirms a
 * message that fits no queue, too, and drops it.
 */
final class ConfirmedChannel
{
    private int $refused = 0;
    private int $returned = 0;

    /** @param AMQPChannel $channel one of its own: it is put into confirm mode and gets handlers */
    public function __construct(private readonly AMQPChannel $channel, private readonly float $timeout_s = 10.0)
    {
        $channel->confirm_select();
        $channel->set_nack_handler(function (): void {
            $this->refused++;
        });
        $channel->set_return_listener(function (): void {
            $this->returned++;
        });
    }

    public function publish(AMQPMessage $message, string $exchange, string $routingKey): void
    {
        $this->channel->basic_publish($message, $exchange, $routingKey, mandatory: true);
    }

    /**
     * Waits for all that was published since the last time.
     *
     * @throws \PhpAmqpLib\Exception\AMQPExceptionInterface unless every message was confirmed and is in some queue
     */
    public function settle(): void
    {
        $this->channel->wait_for_pending_acks_returns($this->timeout_s);
        [$refused, $returned] = [$this->refused, $this->returned];
        $this->refused = $this->returned = 0;
        if ($refused + $returned > 0) {
            throw new AMQPRuntimeException("the broker refused $refused messages and returned $returned as unroutable");
        }
    }
}
