<?php

declare(strict_types=1);

namespace Monolith;

/**
 * The wall clock, or one fixed instant; and the time that handlers take for now, which is another one while they catch
 * up with what the new system has done before.
 */
final class Clock
{
    private ?\DateTimeImmutable $shown = null;

    public function __construct(private readonly ?\DateTimeImmutable $fixed = null)
    {
    }

    /** What handlers see. */
    public function now(): \DateTimeImmutable
    {
        return $this->shown ?? $this->wall();
    }

    public function wall(): \DateTimeImmutable
    {
        return $this->fixed ?? new \DateTimeImmutable('now');
    }

    /** @param \DateTimeImmutable|null $instant null: the wall clock's time again */
    public function show(?\DateTimeImmutable $instant): void
    {
        $this->shown = $instant;
    }
}
