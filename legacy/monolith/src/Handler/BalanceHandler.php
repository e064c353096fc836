<?php

declare(strict_types=1);

namespace Monolith\Handler;

use Monolith\Journal;
use Monolith\LocalTime;
use Monolith\Notification;
use Monolith\Outlet\Publisher;
use Monolith\Outlet\SignedWebhook;
use Monolith\RejectedNotification;
use PDO;

/**
 * Keeps the last known balance of each wallet. Unlike everything else of Treezor's, balances are JSON numbers.
 */
final class BalanceHandler
{
    public function __construct(
        private readonly PDO $pdo,
        private readonly Journal $journal,
        private readonly Publisher $publisher,
        private readonly SignedWebhook $webhook,
    ) {
    }

    public function handle(Notification $notification): void
    {
        $balance = $notification->object('balances');
        if (!isset($balance['currentBalance']) || !is_numeric($balance['currentBalance'])) {
            throw new RejectedNotification('a balance needs an amount');
        }
        $current = $balance['currentBalance'];
        $cents = (int) round($current * 100);
        $authorizations = $balance['authorizations'] ?? 0;
        $authorized = $balance['authorizedBalance'] ?? $current - $authorizations;
        $calculatedAt = LocalTime::toUtc($balance['calculationDate'] ?? null);

        $known = $this->find($notification->objectId);
        $stale = $known && $notification->createdAt < $known['last_event_at'];
        $difference = $stale ? 0 : $cents - ($known['current_cents'] ?? 0);
        $level = match (true) {
            $current == 0 => 'empty',
            $current < 0 => 'overdrawn',
            $authorized < 10 => 'low',
            default => 'good',
        };

        if (!$stale) {
            // execute() binds everything as text: a float passes through (string), 14 digits, on its way.
            $this->pdo->prepare(
                'INSERT INTO balances (wallet_id, current_balance, current_cents, authorizations,
                    authorized_balance, currency, level, calculated_at, last_event_at)
                 VALUES (:wallet_id, :current_balance, :current_cents, :authorizations,
                    :authorized_balance, :currency, :level, :calculated_at, :last_event_at)
                 ON CONFLICT (wallet_id) DO UPDATE SET
                    current_balance = excluded.current_balance, current_cents = excluded.current_cents,
                    authorizations = excluded.authorizations, authorized_balance = excluded.authorized_balance,
                    currency = excluded.currency, level = excluded.level,
                    calculated_at = excluded.calculated_at, last_event_at = excluded.last_event_at'
            )->execute([
                'wallet_id' => $notification->objectId,
                'current_balance' => $current,
                'current_cents' => $cents,
                'authorizations' => empty($authorizations) ? null : $authorizations,
                'authorized_balance' => $authorized,
                'currency' => ($balance['currency'] ?? 'EUR') == 978 ? 'EUR' : $balance['currency'] ?? 'EUR',
                'level' => $level,
                'calculated_at' => $calculatedAt,
                'last_event_at' => $notification->createdAt,
            ]);
        }

        $this->journal->book(
            $notification->id,
            $notification->type,
            $notification->objectId,
            $difference,
            number_format((float) $current, 2),
            $stale,
            $notification->createdAt,
        );
        $this->publisher->publish('accounting', 'balance.changed', json_encode([
            'wallet' => $balance['walletId'] ?? $notification->objectId,
            'balance' => $current,
            'authorized' => $authorized,
            'difference' => $difference / 100,
            'level' => $level,
            'text' => "Solde : $current €",
            'ignored' => $stale,
        ]));
        if (!$stale) {
            $this->webhook->send('balance.changed', $notification->id, ['balances' => [[
                'walletId' => $balance['walletId'] ?? $notification->objectId,
                'currentBalance' => $current,
                'authorizations' => $authorizations,
                'authorizedBalance' => $authorized,
                'calculatedAt' => $calculatedAt,
            ]]]);
        }
    }

    /** @return array<string, mixed>|null */
    private function find(string $walletId): ?array
    {
        $statement = $this->pdo->prepare('SELECT current_cents, last_event_at FROM balances WHERE wallet_id = ?');
        $statement->execute([$walletId]);

        return $statement->fetch(PDO::FETCH_ASSOC) ?: null;
    }
}
