<?php

declare(strict_types=1);

namespace Monolith\Outlet;

/**
 * Webhooks to partners. May not block: partners may be away.
 */
interface WebhookSender
{
    /** @param array<string, string> $headers */
    public function send(string $name, string $url, string $body, array $headers): void;
}
