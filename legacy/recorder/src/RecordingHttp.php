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
     * @param mixed $mutedResponse what a caller gets while the attempt is muted and nothing is sent
     */
    public function __construct(
        private readonly Recorder $recorder,
        private readonly \Closure $send,
        private readonly \Closure $nameOf,
        private readonly bool $undoneByRollback = false,
        private readonly mixed $mutedResponse = null,
    ) {
    }

    /**
     * @param array<string, string> $headers
     * @return mixed whatever the sender returns
     */
    public function __invoke(string $method, string $url, array $headers, string $body): mixed
    {
        if (in_array(strtoupper($method), ['GET', 'HEAD', 'OPTIONS'], true)) {
            return ($this->send)($method, $url, $headers, $body);
        }
        $response = $this->recorder->isMuted()
            ? $this->mutedResponse
            : ($this->send)($method, $url, $headers, $body);
        $name = ($this->nameOf)($url, $headers, $body);
        $this->recorder->webhook($name, $url, $body, $headers, $this->undoneByRollback);

        return $response;
    }
}
