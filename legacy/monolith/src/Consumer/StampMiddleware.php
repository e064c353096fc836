<?php

declare(strict_types=1);

namespace Monolith\Consumer;

use Strangler\Recorder\Stamp;
use Strangler\Recorder\StampedForNew;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\AmqpReceivedStamp;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Middleware\MiddlewareInterface;
use Symfony\Component\Messenger\Middleware\StackInterface;

/**
 * Reads the router's stamp for the handler, which Messenger shows the message only, and keeps away what is not for us.
 */
final class StampMiddleware implements MiddlewareInterface
{
    private ?Stamp $stamp = null;

    /** @param \Closure(AmqpReceivedStamp, StampedForNew): void $handBack after which the worker acknowledges */
    public function __construct(private readonly \Closure $handBack)
    {
    }

    /** @return Stamp|null of the message that is being handled */
    public function stamp(): ?Stamp
    {
        return $this->stamp;
    }

    public function handle(Envelope $envelope, StackInterface $stack): Envelope
    {
        $received = $envelope->last(AmqpReceivedStamp::class);
        $this->stamp = $received instanceof AmqpReceivedStamp
            ? Stamp::fromHeaders($received->getAmqpEnvelope()->getHeaders())
            : null;
        try {
            $this->stamp?->admit();
        } catch (StampedForNew $refused) {
            ($this->handBack)($received, $refused);

            return $envelope;
        }

        return $stack->next()->handle($envelope, $stack);
    }
}
