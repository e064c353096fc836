<?php

declare(strict_types=1);

namespace Monolith\Handler;

use Monolith\Clock;
use Monolith\Journal;
use Monolith\LocalTime;
use Monolith\Notification;
use Monolith\Outlet\Publisher;
use Monolith\Outlet\SignedWebhook;
use Monolith\RejectedNotification;
use PDO;

/**
 * Books incoming credit transfers: payin.create and payin.update, in whichever order they come.
 */
final class PayinHandler
{
    /** Share of the amount that we keep, by paymentMethodId: SCTR, SCTR Inst. */
    private const FEE_RATES = ['20' => 0.005, '27' => 0.0085];
    private const STATUS_RANKS = ['PENDING' => 0, 'VALIDATED' => 1, 'CANCELED' => 2];

    public function __construct(
        private readonly PDO $pdo,
        private readonly Journal $journal,
        private readonly Publisher $publisher,
        private readonly SignedWebhook $webhook,
        private readonly Clock $clock,
    ) {
    }

    public function handle(Notification $notification): void
    {
        $payin = $notification->object('payins');
        if (!isset($payin['amount']) || !is_numeric($payin['amount'])) {
            throw new RejectedNotification('a payin needs an amount');
        }
        if (!isset($payin['walletId'], self::STATUS_RANKS[$payin['payinStatus'] ?? ''])) {
            throw new RejectedNotification('a payin needs a wallet and a known status');
        }
        $amount = (float) $payin['amount'];
        $cents = (int) round($payin['amount'] * 100);
        $fee = round($amount * (self::FEE_RATES[$payin['paymentMethodId'] ?? ''] ?? 0), 2);

        $known = $this->find($notification->objectId);
        $stale = $known && $notification->createdAt < $known['last_event_at'];
        $isCreate = $notification->type === 'payin.create';
        $status = $payin['payinStatus'];
        if ($known && ($stale || self::STATUS_RANKS[$known['status']] > self::STATUS_RANKS[$status])) {
            $status = $known['status'];
        }
        // A create that comes after its update is old, but not useless: it has all that the update left out.
        $fillsIn = $isCreate && $known && $known['amount'] === null;
        $ignored = $stale && !$fillsIn;

        if (!$ignored) {
            $values = [
                'payin_id' => $notification->objectId,
                'status' => $status,
                'code_status' => $stale ? $known['code_status'] : $payin['codeStatus'] ?? null,
                'wallet_id' => (string) $payin['walletId'],
                'last_event_at' => max($notification->createdAt, $known['last_event_at'] ?? 0),
                'recorded_at' => gmdate('Y-m-d H:i:s', $this->clock->now()->getTimestamp()),
            ];
            if ($isCreate || ($known && $known['amount'] !== null)) {
                $values += $this->details($payin, $amount, $cents, $fee);
            }
            $this->save($values);
        }

        $this->journal->book(
            $notification->id,
            $notification->type,
            (string) $payin['walletId'],
            $ignored ? 0 : $cents,
            number_format($amount, 2, ',', ' '),
            $ignored,
            $notification->createdAt,
        );
        $this->publisher->publish('accounting', 'payin.booked', json_encode([
            'payin' => $notification->objectId,
            'wallet' => $payin['walletId'],
            'status' => $status,
            'amount' => $amount,
            'fee' => $fee,
            'net' => $amount - $fee,
            'currency' => $payin['currency'] ?? 'EUR',
            'label' => $payin['messageToUser'] ?? '',
            'instant' => ($payin['paymentMethodId'] ?? null) == 27,
            'ignored' => $ignored,
        ]));
        if (!$ignored) {
            $this->webhook->send('payin.booked', $notification->id, [
                'payins' => [array_merge($payin, ['payinStatus' => $status, 'fee' => $fee])],
            ]);
        }
    }

    /** @return array<string, mixed>|null */
    private function find(string $payinId): ?array
    {
        $statement = $this->pdo->prepare('SELECT * FROM payins WHERE payin_id = ?');
        $statement->execute([$payinId]);

        return $statement->fetch(PDO::FETCH_ASSOC) ?: null;
    }

    /**
     * @param array<string, mixed> $payin
     * @return array<string, mixed>
     */
    private function details(array $payin, float $amount, int $cents, float $fee): array
    {
        $label = trim($payin['messageToUser'] ?? '');
        $date = $payin['payinDate'] ?? '';

        return [
            'user_id' => $payin['userId'] ?? null,
            'amount' => (string) $payin['amount'],
            'amount_cents' => $cents,
            'fee' => $fee,
            'net' => number_format($amount - $fee, 2, ',', ' '),
            'currency' => $payin['currency'] ?? 'EUR',
            'debtor_name' => ucwords(strtolower(trim($payin['ibanFullname'] ?? ''))),
            'debtor_iban' => str_replace(' ', '', $payin['DbtrIBAN'] ?? ''),
            'label' => $label,
            'statement_text' => substr($label, 0, 35),
            'subtotals' => json_encode(array_filter([
                $payin['subtotalItems'] ?? null,
                $payin['subtotalServices'] ?? null,
                $payin['subtotalTax'] ?? null,
            ])),
            'value_date' => empty($date) || $date == '0000-00-00' ? null : substr($date, 0, 10),
            'created_at' => LocalTime::toUtc($payin['createdDate'] ?? null),
        ];
    }

    /** @param array<string, mixed> $values */
    private function save(array $values): void
    {
        $columns = implode(', ', array_keys($values));
        $places = ':' . implode(', :', array_keys($values));
        $changes = implode(', ', array_map(fn ($column) => "$column = excluded.$column", array_keys($values)));
        $this->pdo->prepare(
            "INSERT INTO payins ($columns) VALUES ($places) ON CONFLICT (payin_id) DO UPDATE SET $changes"
        )->execute($values);
    }
}
