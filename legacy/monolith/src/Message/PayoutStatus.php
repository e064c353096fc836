<?php

declare(strict_types=1);

namespace App\Message;

enum PayoutStatus: string
{
    case Pending = 'PENDING';
    case Validated = 'VALIDATED';
    case Canceled = 'CANCELED';

    public function rank(): int
    {
        return match ($this) {
            self::Pending => 0,
            self::Validated => 1,
            self::Canceled => 2,
        };
    }
}
