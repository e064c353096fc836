<?php

declare(strict_types=1);

namespace App\Message;

/**
 * What the bank side of the monolith tells us about a payout. It crosses RabbitMQ as Symfony Messenger
 * serialises it, so names, visibility and order of these properties are a wire format.
 */
class PayoutUpdate
{
    /** @var array<int|string, mixed> */
    private array $tags = [];

    public function __construct(
        private string $webhookId,
        private string $payoutId,
        protected string $walletId,
        protected string $amount,
        public string $currency,
        private PayoutStatus $status,
        private float $partnerFee,
        private string $beneficiaryName,
        private string $bankaccountIBAN,
        private ?string $label,
        private \DateTimeImmutable $createdDate,
        protected int $occurredAt,
    ) {
    }

    public function webhookId(): string
    {
        return $this->webhookId;
    }

    public function payoutId(): string
    {
        return $this->payoutId;
    }

    public function walletId(): string
    {
        return $this->walletId;
    }

    /** Euros as text, as the bank sent it: "12.50". */
    public function amount(): string
    {
        return $this->amount;
    }

    public function status(): PayoutStatus
    {
        return $this->status;
    }

    /** Euros. */
    public function partnerFee(): float
    {
        return $this->partnerFee;
    }

    public function beneficiaryName(): string
    {
        return $this->beneficiaryName;
    }

    public function bankaccountIBAN(): string
    {
        return $this->bankaccountIBAN;
    }

    public function label(): ?string
    {
        return $this->label;
    }

    /** @return array<int|string, mixed> */
    public function tags(): array
    {
        return $this->tags;
    }

    /** @param array<int|string, mixed> $tags */
    public function withTags(array $tags): static
    {
        $copy = clone $this;
        $copy->tags = $tags;

        return $copy;
    }

    public function createdDate(): \DateTimeImmutable
    {
        return $this->createdDate;
    }

    /** 1e-4 s since 1970, like webhook_created_at. */
    public function occurredAt(): int
    {
        return $this->occurredAt;
    }
}
