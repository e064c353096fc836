<?php

declare(strict_types=1);

namespace Monolith\Outlet;

use Strangler\Recorder\Recorder;

/**
 * The recorder's place in front of the publisher. What waits in our own outbox is gone after a rollback. In a muted
 * attempt messages are recorded only: they have left already, from the new system.
 */
final class RecordedPublisher implements Publisher
{
    /** @param Publisher|null $inner null: messages are recorded only, as the oracle wants it */
    public function __construct(private readonly Recorder $recorder, private readonly ?Publisher $inner = null)
    {
    }

    public function publish(
        string $exchange,
        string $routingKey,
        string $body,
        string $contentType = 'application/json',
    ): void {
        if (!$this->recorder->isMuted()) {
            $this->inner?->publish($exchange, $routingKey, $body, $contentType);
        }
        $this->recorder->message($exchange, $routingKey, $body, $contentType, undoneByRollback: true);
    }
}
