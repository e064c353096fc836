<?php

declare(strict_types=1);

namespace Monolith;

use PDO;

/**
 * One line for every processed message, whatever else the message did.
 */
final class Journal
{
    public function __construct(private readonly PDO $pdo)
    {
    }

    /**
     * @param int $createdAt webhook_created_at, 1e-4 s; written as Paris time, as accounting reads it
     */
    public function book(
        string $webhookId,
        string $kind,
        string $walletId,
        int $cents,
        string $amount,
        bool $stale,
        int $createdAt,
    ): void {
        $this->pdo->prepare(
            'INSERT INTO journal (webhook_id, kind, account, amount_cents, amount, stale, booked_at)
             VALUES (:webhook_id, :kind, :account, :amount_cents, :amount, :stale, :booked_at)'
        )->execute([
            'webhook_id' => $webhookId,
            'kind' => $kind,
            'account' => str_pad($walletId, 12, '0', STR_PAD_LEFT),
            'amount_cents' => $cents,
            'amount' => $amount,
            'stale' => (int) $stale,
            'booked_at' => date('Y-m-d H:i:s', intdiv($createdAt, 10000)),
        ]);
    }
}
