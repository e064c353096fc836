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
 * Captures card payments. Treezor calls every step of a payment (accepted, settled, reversed) a "create".
 */
final class CardTransactionHandler
{
    private const STATUS_RANKS = ['I' => 0, 'A' => 1, 'M' => 1, 'C' => 2, 'S' => 3, 'V' => 4];
    private const EURO = 978;
    private const FOREIGN_FEE_RATE = 0.015;

    public function __construct(
        private readonly PDO $pdo,
        private readonly Journal $journal,
        private readonly Publisher $publisher,
        private readonly SignedWebhook $webhook,
    ) {
    }

    public function handle(Notification $notification): void
    {
        $payment = $notification->object('cardtransactions');
        if (!isset($payment['paymentAmount']) || !is_numeric($payment['paymentAmount'])) {
            throw new RejectedNotification('a card transaction needs an amount');
        }
        if (!isset($payment['walletId'], self::STATUS_RANKS[$payment['paymentStatus'] ?? ''])) {
            throw new RejectedNotification('a card transaction needs a wallet and a known status');
        }
        $amount = (float) $payment['paymentAmount'];
        $local = (float) ($payment['paymentLocalAmount'] ?? 0);
        $cents = (int) round($payment['paymentAmount'] * 100);
        $foreign = ($payment['paymentCurrency'] ?? self::EURO) != self::EURO;
        $fee = $foreign ? round($amount * self::FOREIGN_FEE_RATE, 2) : 0.0;
        $currency = $payment['walletCurrency'] ?? 'EUR';
        $token = $payment['publicToken'] ?? '';
        $merchant = rtrim(str_pad(substr(trim($payment['merchantName'] ?? ''), 0, 22), 22));
        $authorizedAt = LocalTime::toUtc($payment['authorizationIssuerTime'] ?? null, 'Europe/London');

        $known = $this->find($notification->objectId);
        $stale = $known && $notification->createdAt < $known['last_event_at'];
        $status = $payment['paymentStatus'];
        if ($known && ($stale || self::STATUS_RANKS[$known['status']] > self::STATUS_RANKS[$status])) {
            $status = $known['status'];
        }

        if (!$stale) {
            // "72316" is 07:23:16: the till drops leading zeros.
            $time = str_pad($payment['paymentLocalTime'] ?? '', 6, '0', STR_PAD_LEFT);
            $this->pdo->prepare(
                'REPLACE INTO card_transactions (card_transaction_id, status, wallet_id, card_id, public_token,
                    amount, amount_cents, currency, exchange_rate, fee, merchant, merchant_country, local_time,
                    authorized_at, is_3ds, last_event_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
            )->execute([
                $notification->objectId,
                $status,
                (string) $payment['walletId'],
                (string) ($payment['cardId'] ?? ''),
                $token,
                number_format($amount, 2, '.', ''),
                $cents,
                $currency == self::EURO ? 'EUR' : $currency,
                $amount == 0 ? null : round($local / $amount, 4),
                $fee,
                $merchant,
                ($payment['merchantCountry'] ?? '') ?: null,
                substr($time, 0, 2) . ':' . substr($time, 2, 2) . ':' . substr($time, 4, 2),
                $authorizedAt,
                (int) !empty($payment['is3DS']),
                $notification->createdAt,
            ]);
        }

        $this->journal->book(
            $notification->id,
            $notification->type,
            (string) $payment['walletId'],
            $stale ? 0 : -$cents,
            sprintf('%.2f', -$amount),
            $stale,
            $notification->createdAt,
        );
        $this->publisher->publish('accounting', 'card.captured', json_encode([
            'transaction' => $notification->objectId,
            'card' => $this->mask($token),
            'status' => $status,
            'amount' => $amount,
            'fee' => $fee,
            'total' => $amount + $fee,
            'city' => $payment['merchantCity'] ?? null,
            'limits' => array_filter([
                'atm' => $payment['limitAtmDay'] ?? null,
                'payment' => $payment['limitPaymentDay'] ?? null,
            ]),
            'ignored' => $stale,
        ]));
        if (!$stale) {
            $this->webhook->send('card.captured', $notification->id, ['cardtransactions' => [[
                'cardtransactionId' => $notification->objectId,
                'paymentStatus' => $status,
                'paymentAmount' => $amount,
                'fee' => $fee,
                'merchantName' => $payment['merchantName'] ?? '',
                'publicToken' => $this->mask($token),
                'authorizedAt' => $authorizedAt,
            ]]]);
        }
    }

    private function mask(string $token): string
    {
        return str_repeat('*', max(0, strlen($token) - 4)) . substr($token, -4);
    }

    /** @return array<string, mixed>|null */
    private function find(string $transactionId): ?array
    {
        $statement = $this->pdo->prepare(
            'SELECT status, last_event_at FROM card_transactions WHERE card_transaction_id = ?'
        );
        $statement->execute([$transactionId]);

        return $statement->fetch(PDO::FETCH_ASSOC) ?: null;
    }
}
