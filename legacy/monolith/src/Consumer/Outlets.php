<?php

declare(strict_types=1);

namespace Monolith\Consumer;

use Monolith\Monolith;
use PhpAmqpLib\Connection\AbstractConnection;
use Strangler\Recorder\AmqpOutlet;
use Strangler\Recorder\ConfirmedChannel;

/**
 * Lets follow-ups and outcomes leave after their transactions: many at once while messages pour in, because each
 * round waits for the broker's confirms, and at once when the queue is empty.
 */
final class Outlets
{
    private const TIMEOUT_S = 10.0;
    private const ROUND_MESSAGES = 50;
    private const ROUND_S = 0.1;

    private readonly ConfirmedChannel $followUps;
    private readonly AmqpOutlet $outcomes;
    private int $waiting = 0;
    private float $since = 0.0;

    /** Each outlet has a channel of its own, so that neither counts what the broker refused to the other. */
    public function __construct(private readonly Monolith $monolith, AbstractConnection $connection)
    {
        $this->followUps = new ConfirmedChannel($connection->channel(), self::TIMEOUT_S);
        $this->outcomes = new AmqpOutlet($connection->channel(), self::TIMEOUT_S);
    }

    /** Says that a message was handled. */
    public function handled(): void
    {
        $this->since = $this->waiting === 0 ? microtime(true) : $this->since;
        $this->waiting++;
        if ($this->waiting >= self::ROUND_MESSAGES || microtime(true) - $this->since >= self::ROUND_S) {
            $this->flush();
        }
    }

    public function isEmpty(): bool
    {
        return $this->waiting === 0;
    }

    /** @throws \PhpAmqpLib\Exception\AMQPExceptionInterface if the broker is away or does not take all; that stays */
    public function flush(): void
    {
        $this->monolith->followUps->flush($this->followUps);
        $this->monolith->outbox->flush($this->outcomes->deliver(...));
        $this->waiting = 0;
    }
}
