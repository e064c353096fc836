<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * One observable result of an attempt: a row as it is afterwards, a message, a webhook.
 */
final class Effect
{
    /**
     * @param string $key the row's natural key as text; "" for messages and webhooks
     * @param array<string, mixed> $value scalars, null, or arrays of them; an empty array is a row that is gone
     * @param bool $undoneByRollback false for what leaves at once and stays, even if the attempt fails afterwards
     */
    public function __construct(
        public readonly string $kind,
        public readonly string $name,
        public readonly string $key,
        public readonly array $value,
        public readonly bool $undoneByRollback,
    ) {
    }

    /** @return array<string, mixed> as the outcome document has it */
    public function document(): array
    {
        return [
            'kind' => $this->kind,
            'name' => $this->name,
            'key' => mb_scrub($this->key, 'UTF-8'),
            'value' => (object) self::portable($this->value),
        ];
    }

    /** What JSON cannot hold is wrapped or spelled: bytes that are no UTF-8, INF and NAN, open streams of blobs. */
    private static function portable(mixed $value): mixed
    {
        if (is_array($value)) {
            return array_map(self::portable(...), $value);
        }
        if (is_resource($value)) {
            $value = (string) stream_get_contents($value);
        }
        if (is_string($value) && !mb_check_encoding($value, 'UTF-8')) {
            return ['base64' => base64_encode($value)];
        }
        if (is_float($value) && !is_finite($value)) {
            return (string) $value;
        }

        return $value;
    }
}
