<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * Records webhooks around whatever sends them (curl, Guzzle, Symfony's client, a table that a cron job empties).
 */
final class RecordingHttp
{
    /**
     * @param \Closure(string, string, array<string, string>, string): mixed $send method, URL, headers, body
     * @param \Closure(string, array<string, string>, string): string $nameOf URL, headers, body: the webhook's name
     * @param bool $undoneByRollback true if $send writes a table of the handler's transaction
     */
    public function __construct(
        private readonly Recorder $recorder,
        private readonly \Closure $send,
        private readonly \Closure $nameOf,
        private readonly bool $undoneByRollback = false,
    ) {
    }

    /**
     * @param array<string, string> $headers
     * @return mixed whatever the sender returns
     */
    public function __invoke(string $method, string $url, array $headers, string $body): mixed
    {
        $response = ($this->send)($method, $url, $headers, $body);
        if (!in_array(strtoupper($method), ['GET', 'HEAD', 'OPTIONS'], true)) {
            $name = ($this->nameOf)($url, $headers, $body);
            $this->recorder->webhook($name, $url, $body, $headers, $this->undoneByRollback);
        }

        return $response;
    }
}
