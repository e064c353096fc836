<?php

declare(strict_types=1);

namespace Monolith\Handler;

use App\Message\PayoutStatus;
use App\Message\PayoutUpdate;
use Monolith\Journal;
use Monolith\Outlet\Publisher;
use Monolith\Outlet\SignedWebhook;
use Monolith\RejectedNotification;
use PDO;

/**
 * Follows outgoing credit transfers until the bank has settled or canceled them.
 */
final class PayoutHandler
{
    public const TYPE = 'payout.update';
    private const BANK_RATE = 0.0015;

    public function __construct(
        private readonly PDO $pdo,
        private readonly Journal $journal,
        private readonly Publisher $publisher,
        private readonly SignedWebhook $webhook,
    ) {
    }

    public function handle(PayoutUpdate $payout): void
    {
        if (!is_numeric($payout->amount())) {
            throw new RejectedNotification('a payout needs an amount');
        }
        $amount = (float) $payout->amount();
        $fee = round($amount * self::BANK_RATE + $payout->partnerFee(), 2);
        $total = $amount + $fee;
        $cents = (int) round($total * 100);
        $label = trim($payout->label() ?? '') ?: 'Virement ' . $payout->payoutId();

        $known = $this->find($payout->payoutId());
        $stale = $known && $payout->occurredAt() < $known['last_event_at'];
        $status = $payout->status();
        if ($known && ($stale || PayoutStatus::from($known['status'])->rank() > $status->rank())) {
            $status = PayoutStatus::from($known['status']);
        }

        if (!$stale) {
            $values = [
                'status' => $status->value,
                'wallet_id' => $payout->walletId(),
                'amount' => number_format($amount, 2),
                'fee' => $fee,
                'total_cents' => $cents,
                'currency' => $payout->currency,
                'beneficiary_name' => ucwords(strtolower($payout->beneficiaryName())),
                'beneficiary_iban' => strtoupper(str_replace(' ', '', $payout->bankaccountIBAN())),
                'label' => substr($label, 0, 140),
                'end_to_end_id' => 'PO' . str_pad($payout->payoutId(), 20, '0', STR_PAD_LEFT),
                'created_at' => $payout->createdDate()->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d H:i:s'),
                'last_event_at' => $payout->occurredAt(),
            ];
            $this->save($payout->payoutId(), $values, (bool) $known);
        }

        $this->journal->book(
            $payout->webhookId(),
            self::TYPE,
            $payout->walletId(),
            $stale || $status === PayoutStatus::Canceled ? 0 : -$cents,
            sprintf('%.2f', -$total),
            $stale,
            $payout->occurredAt(),
        );
        $this->publisher->publish('accounting', 'payout.settled', json_encode([
            'reference' => $this->uuid(),
            'payout' => $payout->payoutId(),
            'status' => $status,
            'amount' => $amount,
            'fee' => $fee,
            'total' => $total,
            'iban' => substr($payout->bankaccountIBAN(), 0, 4) . '…' . substr($payout->bankaccountIBAN(), -3),
            'tags' => $payout->tags(),
            'created' => $payout->createdDate(),
            'ignored' => $stale,
        ]));
        if (!$stale) {
            $this->webhook->send('payout.settled', $payout->webhookId(), ['payouts' => [[
                'payoutId' => $payout->payoutId(),
                'payoutStatus' => $status->value,
                'amount' => $payout->amount(),
                'fee' => $fee,
                'beneficiary' => $payout->beneficiaryName(),
                'label' => $payout->label(),
                'tags' => $payout->tags() ?: new \stdClass(),
            ]]]);
        }
    }

    /** @return array<string, mixed>|null */
    private function find(string $payoutId): ?array
    {
        $statement = $this->pdo->prepare('SELECT status, last_event_at FROM payouts WHERE payout_id = ?');
        $statement->execute([$payoutId]);

        return $statement->fetch(PDO::FETCH_ASSOC) ?: null;
    }

    /** @param array<string, mixed> $values */
    private function save(string $payoutId, array $values, bool $known): void
    {
        if ($known) {
            $changes = implode(', ', array_map(fn ($column) => "$column = :$column", array_keys($values)));
            $sql = "UPDATE payouts SET $changes WHERE payout_id = :payout_id";
        } else {
            $columns = implode(', ', array_keys($values));
            $places = implode(', ', array_map(fn ($column) => ":$column", array_keys($values)));
            $sql = "INSERT INTO payouts ($columns, payout_id) VALUES ($places, :payout_id)";
        }
        $this->pdo->prepare($sql)->execute($values + ['payout_id' => $payoutId]);
    }

    private function uuid(): string
    {
        $bytes = random_bytes(16);
        $bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x40);
        $bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);

        return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
    }
}
