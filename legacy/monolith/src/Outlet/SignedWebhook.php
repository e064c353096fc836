<?php

declare(strict_types=1);

namespace Monolith\Outlet;

/**
 * Wraps and signs a payload as Treezor does, so that partners need one check for both.
 */
final class SignedWebhook
{
    private const URL = 'https://partner.example/hooks/';

    public function __construct(private readonly WebhookSender $sender, private readonly string $secret)
    {
    }

    /** @param array<string, mixed> $payload */
    public function send(string $name, string $webhookId, array $payload): void
    {
        $signature = base64_encode(hash_hmac('sha256', json_encode($payload), $this->secret, true));
        $body = json_encode([
            'webhook' => $name,
            'webhook_id' => $webhookId,
            'object_payload' => $payload,
            'object_payload_signature' => $signature,
        ]);
        $this->sender->send($name, self::URL . $name, $body, [
            'Content-Type' => 'application/json',
            'X-Signature' => $signature,
            'X-Webhook-Id' => $webhookId,
        ]);
    }
}
