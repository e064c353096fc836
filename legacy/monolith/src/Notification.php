<?php

declare(strict_types=1);

namespace Monolith;

/**
 * A Treezor webhook as it lies in the queue: an envelope around one object.
 */
final class Notification
{
    /** @param array<string, mixed> $body */
    private function __construct(
        public readonly string $id,
        public readonly string $type,
        public readonly string $objectId,
        public readonly int $createdAt,
        private readonly array $body,
    ) {
    }

    /**
     * @param string|null $messageId the AMQP message_id, for the family that is identified by it
     * @throws RejectedNotification if the text is no webhook
     */
    public static function fromJson(string $json, ?string $messageId = null): self
    {
        $body = json_decode($json, true);
        if (!is_array($body)) {
            throw new RejectedNotification('the body is not a JSON object');
        }
        $id = $messageId ?? $body['webhook_id'] ?? null;
        foreach ([$id, $body['webhook'] ?? null, $body['object_id'] ?? null] as $needed) {
            if (!is_scalar($needed) || (string) $needed === '') {
                throw new RejectedNotification('the body lacks webhook, webhook_id or object_id');
            }
        }
        if (!is_numeric($body['webhook_created_at'] ?? null)) {
            throw new RejectedNotification('the body lacks webhook_created_at');
        }

        return new self(
            (string) $id,
            strtolower((string) $body['webhook']),
            (string) $body['object_id'],
            (int) $body['webhook_created_at'],
            $body,
        );
    }

    /**
     * @return array<string, mixed> the first (and only) object of the payload
     * @throws RejectedNotification if there is none
     */
    public function object(string $plural): array
    {
        $object = $this->body['object_payload'][$plural][0] ?? null;
        if (!is_array($object)) {
            throw new RejectedNotification("the payload has no $plural");
        }

        return $object;
    }
}
