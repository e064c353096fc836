<?php

declare(strict_types=1);

namespace Monolith\Simulation;

use App\Message\PayoutStatus;
use App\Message\PayoutUpdate;

/**
 * Writes notifications as Treezor does: strings even for numbers, local dates, null dates of zeros, and only the
 * balances as JSON numbers.
 */
final class Treezor
{
    private const LONDON_TIMES = [
        '2024-10-27 01:30:00', '2024-07-01 10:00:00', '0000-00-00 00:00:00', '2024-12-24 18:00:01',
    ];
    private const TAGS = [['urgent'], ['batch' => '7', 'ratio' => 0.1], [3 => 'x', 4 => true]];
    private const RAW = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS;

    public function __construct(private readonly Sample $sample, private readonly string $secret)
    {
    }

    /** @return array<string, mixed> */
    public function payin(string $payinId): array
    {
        $sample = $this->sample;
        [$first, $iban] = [$sample->name(), $sample->iban()];

        return $sample->reorder([
            'payinId' => $payinId,
            'payinTag' => $sample->of(['', '0', 'ref/1', 'réf']),
            'walletId' => $sample->id(),
            'userId' => $sample->id(),
            'payinStatus' => 'PENDING',
            'paymentMethodId' => $sample->of(['20', '20', '27', '3']),
            'messageToUser' => $sample->label(),
            'subtotalItems' => $sample->of(['', '0.00', '0', '12.00']),
            'subtotalServices' => $sample->of(['0.00', '', '0']),
            'subtotalTax' => $sample->of(['0', '2.40', '0.00']),
            'amount' => $sample->amount(),
            'currency' => $sample->of(['EUR', 'EUR', '978']),
            'createdDate' => $sample->date(),
            'walletEventName' => $sample->name(),
            'walletAlias' => $sample->digits(9),
            'userFirstname' => $first,
            'userLastname' => 'Zzyx',
            'codeStatus' => '140001',
            'informationStatus' => '',
            'refundAmount' => null,
            'ibanFullname' => $sample->name(),
            'DbtrIBAN' => $iban,
            'ibanBic' => 'AGRIFRPP882',
            'ibanTxEndToEndId' => $sample->of(['NOTPROVIDED', 'E2E/2024\\10']),
            'ibanTxId' => $sample->digits(16),
            'forwardUrl' => null,
            'payinDate' => $sample->of(['2024-10-27', '0000-00-00', '2024-03-31', '']),
            'mandateId' => '0',
            'creditorName' => $sample->name(),
            'creditorAddressLine' => '1 rue de l\'Église',
            'creditorCountry' => $sample->of(['FR', 'FRA', '250']),
            'creditorIban' => $sample->iban(),
            'creditorBIC' => null,
            'virtualIbanId' => '',
        ]);
    }

    /** @return array<string, mixed> */
    public function cardTransaction(string $transactionId): array
    {
        $sample = $this->sample;

        return $sample->reorder([
            'cardtransactionId' => $transactionId,
            'cardId' => $sample->id(),
            'walletId' => $sample->id(),
            'walletCurrency' => '978',
            'merchantId' => $sample->digits(15),
            'merchantName' => $sample->merchant(),
            'merchantCity' => $sample->of(['Paris', 'Köln', "L'Haÿ-les-Roses", '']),
            'merchantCountry' => $sample->of(['FRA', 'DEU', '', 'USA']),
            'paymentLocalTime' => $sample->of(['72316', '0', '235959', '1', '120000']),
            'publicToken' => $sample->digits(9),
            'paymentAmount' => $sample->amount(),
            'paymentCurrency' => $sample->of(['978', '978', '840', '0978']),
            'paymentLocalAmount' => $sample->amount(),
            'paymentStatus' => $sample->of(['A', 'S', 'C', 'I', 'V', 'M']),
            'panEntryMethod' => '7',
            'authorizationMti' => '100',
            'authorizationIssuerTime' => $sample->of(self::LONDON_TIMES),
            'limitAtmDay' => $sample->of(['0', '', '500']),
            'limitPaymentDay' => $sample->of(['0', '2000', null]),
            'mccCode' => $sample->of(['5812', '0742']),
            'is3DS' => $sample->of(['0', '1', '', null]),
        ]);
    }

    /** @return array<string, mixed> */
    public function balance(string $walletId): array
    {
        $sample = $this->sample;
        $fields = [
            'walletId' => (int) $walletId,
            'currentBalance' => $sample->balance(),
            'authorizations' => $sample->of([0, 0.0, 10, 0.1, 2.5]),
            'authorizedBalance' => $sample->balance(),
            'currency' => $sample->of(['EUR', '978']),
            'calculationDate' => $sample->date(),
        ];
        if ($sample->chance(0.3)) {
            unset($fields['authorizedBalance']);
        }

        return $sample->reorder($fields);
    }

    /** @param int $at 1e-4 s */
    public function payout(string $payoutId, string $walletId, string $amount, PayoutStatus $status, int $at): Delivery
    {
        $sample = $this->sample;
        $date = $sample->date();
        $payout = new PayoutUpdate(
            $sample->uuid(),
            $payoutId,
            $walletId,
            $amount,
            'EUR',
            $status,
            $sample->of([0.0, 0.285, 1.005, 0.5, 12.0]),
            $sample->name(),
            $sample->iban(),
            $sample->chance(0.1) ? null : $sample->label(),
            new \DateTimeImmutable(str_starts_with($date, '0000') ? '2024-10-27 02:30:00.123456' : $date),
            $at,
        );
        if ($sample->chance(0.3)) {
            $payout = $payout->withTags($sample->of(self::TAGS));
        }

        return new Delivery($payout->webhookId(), 'payout.update', $payoutId, $payout);
    }

    /**
     * @param array<string, mixed> $object
     * @param int $at 1e-4 s
     */
    public function notification(string $type, string $plural, string $objectId, array $object, int $at): Delivery
    {
        $id = $this->sample->uuid();
        $payload = [$plural => [$object]];
        $signed = json_encode($payload, JSON_PRESERVE_ZERO_FRACTION);
        $body = json_encode($this->sample->reorder([
            'webhook' => $type,
            'webhook_id' => $id,
            'webhook_created_at' => $at,
            'object' => rtrim($plural, 's'),
            'object_id' => $objectId,
            'object_payload' => $payload,
            'object_payload_signature' => base64_encode(hash_hmac('sha256', $signed, $this->secret, true)),
        ]), JSON_PRESERVE_ZERO_FRACTION | ($this->sample->chance(0.25) ? self::RAW : 0));

        return new Delivery($id, $type, $objectId, $body);
    }
}
