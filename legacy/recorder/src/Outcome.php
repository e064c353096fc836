<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * All effects of one attempt at one message, and how the attempt ended.
 */
final class Outcome
{
    private const FORMAT = 1;

    /**
     * @param int $attempt counts from 1
     * @param string|null $cause class name of what was thrown; never its text, which may quote personal data
     * @param list<Effect> $effects
     * @param bool $muted whether the attempt was one of which nothing could leave; told only where it was: that is how
     *        the catch-up knows a recorder that mutes from one that does not know how to
     */
    public function __construct(
        public readonly string $messageId,
        public readonly string $type,
        public readonly int $attempt,
        public readonly Ending $ending,
        public readonly ?string $cause,
        public readonly \DateTimeImmutable $at,
        public readonly array $effects,
        public readonly bool $muted = false,
    ) {
    }

    /** @return string one line of JSON */
    public function toJson(): string
    {
        return Json::encode([
            'format' => self::FORMAT,
            'message_id' => mb_scrub($this->messageId, 'UTF-8'),
            'type' => mb_scrub($this->type, 'UTF-8'),
            'attempt' => $this->attempt,
            'ending' => $this->ending->value,
            'cause' => $this->cause,
            'at' => $this->at->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d\TH:i:s.u\Z'),
            'effects' => array_map(fn (Effect $effect) => $effect->document(), $this->effects),
        ] + ($this->muted ? ['muted' => true] : []));
    }
}
