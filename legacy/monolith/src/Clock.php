<?php

declare(strict_types=1);

namespace Monolith;

/**
 * The wall clock, or one fixed instant.
 */
final class Clock
{
    public function __construct(private readonly ?\DateTimeImmutable $fixed = null)
    {
    }

    public function now(): \DateTimeImmutable
    {
        return $this->fixed ?? new \DateTimeImmutable('now');
    }
}
