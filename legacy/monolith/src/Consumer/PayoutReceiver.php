<?php

declare(strict_types=1);

namespace Monolith\Consumer;

use Monolith\Failure;
use Monolith\Runtime;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\AmqpReceivedStamp;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\AmqpReceiver;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\Connection;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Exception\TransportException;
use Symfony\Component\Messenger\Transport\Receiver\ReceiverInterface;

/**
 * Symfony's receiver, with two things that its worker leaves to an event dispatcher, which this application has not:
 * a failure that may pass puts the message back, and a round without messages is noticed.
 */
final class PayoutReceiver implements ReceiverInterface
{
    private readonly AmqpReceiver $receiver;
    private ?\Throwable $failure = null;

    /** @param \Closure(): void $onIdle */
    public function __construct(private readonly Connection $connection, private readonly \Closure $onIdle)
    {
        $this->receiver = new AmqpReceiver($connection, new PayoutSerializer());
    }

    public function get(): iterable
    {
        $idle = true;
        foreach ($this->receiver->get() as $envelope) {
            $idle = false;
            yield $envelope;
        }
        if ($idle) {
            ($this->onIdle)();
        }
    }

    public function ack(Envelope $envelope): void
    {
        $this->receiver->ack($envelope);
    }

    /** Remembers why the next message will be rejected: the worker does not pass it on. */
    public function failed(\Throwable $failure): void
    {
        $this->failure = $failure;
    }

    public function reject(Envelope $envelope): void
    {
        [$failure, $this->failure] = [$this->failure, null];
        if ($failure === null) {
            Runtime::log('payout: rejected, no handler takes it');
        }
        $stamp = $envelope->last(AmqpReceivedStamp::class);
        if ($failure === null || Failure::isFinal($failure) || !$stamp instanceof AmqpReceivedStamp) {
            $this->receiver->reject($envelope);

            return;
        }
        try {
            $this->connection->nack($stamp->getAmqpEnvelope(), $stamp->getQueueName(), \AMQP_REQUEUE);
        } catch (\AMQPException $trouble) {
            throw new TransportException($trouble->getMessage(), 0, $trouble);
        }
        if ($failure instanceof AMQPExceptionInterface) {
            // The worker would go on over a connection that may be broken.
            throw $failure;
        }
    }
}
