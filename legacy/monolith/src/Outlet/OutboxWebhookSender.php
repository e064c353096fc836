<?php

declare(strict_types=1);

namespace Monolith\Outlet;

use PDO;
use Strangler\Recorder\Recorder;
use Strangler\Recorder\RecordingHttp;

/**
 * Webhooks wait in a table for the cron job that posts them to partners (not part of this stand-in). RecordingHttp
 * keeps those of a muted attempt out of it.
 */
final class OutboxWebhookSender implements WebhookSender
{
    private readonly RecordingHttp $http;

    /** @param PDO|null $pdo null: webhooks are recorded only, as the oracle wants it */
    public function __construct(?PDO $pdo, Recorder $recorder)
    {
        $insert = static fn (string $method, string $url, array $headers, string $body) => $pdo?->prepare(
            'INSERT INTO outgoing_webhooks (name, url, body, headers) VALUES (?, ?, ?, ?)'
        )->execute([basename($url), $url, $body, json_encode($headers)]);
        $nameOf = static fn (string $url): string => basename($url);
        $this->http = new RecordingHttp($recorder, $insert, $nameOf, undoneByRollback: true);
    }

    public function send(string $name, string $url, string $body, array $headers): void
    {
        ($this->http)('POST', $url, $headers, $body);
    }
}
