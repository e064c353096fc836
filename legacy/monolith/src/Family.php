<?php

declare(strict_types=1);

namespace Monolith;

/**
 * Message types that write the same rows share a queue and a consumer.
 */
enum Family: string
{
    case Payin = 'payin';
    case Payout = 'payout';
    case CardTransaction = 'cardtransaction';
    case Balance = 'balance';

    public static function ofType(string $type): ?self
    {
        foreach (self::cases() as $family) {
            if (in_array($type, $family->types(), true)) {
                return $family;
            }
        }

        return null;
    }

    /** @return list<string> */
    public function types(): array
    {
        return match ($this) {
            self::Payin => ['payin.create', 'payin.update'],
            self::Payout => ['payout.update'],
            self::CardTransaction => ['cardtransaction.create'],
            self::Balance => ['balance.update'],
        };
    }

    public function queue(): string
    {
        return 'monolith.' . $this->value;
    }

    /** @return string the table whose rows only this family writes */
    public function table(): string
    {
        return match ($this) {
            self::Payin => 'payins',
            self::Payout => 'payouts',
            self::CardTransaction => 'card_transactions',
            self::Balance => 'balances',
        };
    }

    public function exchange(): string
    {
        return $this === self::Payout ? 'payouts' : 'notifications';
    }
}
