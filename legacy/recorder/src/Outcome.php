<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * All effects of one attempt at one message, and how the attempt ended.
 */
final class Outcome
{
    private const FORMAT = 1;
    private const JSON = JSON_PRESERVE_ZERO_FRACTION | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE
        | JSON_THROW_ON_ERROR;

    /**
     * @param int $attempt counts from 1
     * @param string|null $cause class name of what was thrown; never its text, which may quote personal data
     * @param list<Effect> $effects
     */
    public function __construct(
        public readonly string $messageId,
        public readonly string $type,
        public readonly int $attempt,
        public readonly Ending $ending,
        public readonly ?string $cause,
        public readonly \DateTimeImmutable $at,
        public readonly array $effects,
    ) {
    }

    /** @return string one line of JSON, floats with their shortest exact digits whatever php.ini says */
    public function toJson(): string
    {
        $precision = ini_set('serialize_precision', '-1');
        try {
            return json_encode([
                'format' => self::FORMAT,
                'message_id' => mb_scrub($this->messageId, 'UTF-8'),
                'type' => mb_scrub($this->type, 'UTF-8'),
                'attempt' => $this->attempt,
                'ending' => $this->ending->value,
                'cause' => $this->cause,
                'at' => $this->at->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d\TH:i:s.u\Z'),
                'effects' => array_map(fn (Effect $effect) => $effect->document(), $this->effects),
            ], self::JSON);
        } finally {
            ini_set('serialize_precision', (string) $precision);
        }
    }
}
