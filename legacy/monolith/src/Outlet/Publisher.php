<?php

declare(strict_types=1);

namespace Monolith\Outlet;

/**
 * Follow-up messages for the other parts of the monolith. May not block: the broker may be away.
 */
interface Publisher
{
    public function publish(
        string $exchange,
        string $routingKey,
        string $body,
        string $contentType = 'application/json',
    ): void;
}
