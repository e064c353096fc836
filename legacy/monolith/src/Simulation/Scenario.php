<?php

declare(strict_types=1);

namespace Monolith\Simulation;

use App\Message\PayoutStatus;

/**
 * An afternoon and a night of payments, in the order in which they are delivered: mostly right, sometimes late,
 * sometimes twice. The night is that of 27 October 2024, when clocks in Paris went back.
 */
final class Scenario
{
    private const STARTS_AT = 17299476000000; // 26 October 2024, 13:00 UTC, 1e-4 s
    private const STEP = 300_000;
    private const UPDATED_SHARE = 0.7;
    private const UPDATE_FIRST_SHARE = 0.05;
    private const TWICE_SHARE = 0.03;
    private const LATE_SHARE = 0.1;

    /** @var list<array{float, Delivery}> position in the stream, delivery */
    private array $planned = [];
    private int $now = self::STARTS_AT;

    public function __construct(private readonly Sample $sample, private readonly Treezor $treezor)
    {
    }

    /** @return list<Delivery> $count distinct ones, in order of delivery; repeats are the same object again */
    public function deliveries(int $count): array
    {
        $wallets = array_map(fn () => $this->sample->id(), range(1, max(3, intdiv($count, 50))));
        // First one of each, so that the shortest run has them all; then whatever comes.
        $this->payin(updateFirst: false);
        $this->payout();
        $this->cardTransaction();
        $this->balance($wallets[0]);
        $this->payin(updateFirst: true);
        while (count($this->planned) < $count) {
            match ($this->sample->int(0, 5)) {
                0, 1 => $this->payin($this->sample->chance(self::UPDATE_FIRST_SHARE)),
                2 => $this->payout(),
                3 => $this->cardTransaction(),
                default => $this->balance($this->sample->of($wallets)),
            };
        }
        $distinct = $this->planned;
        usort($distinct, fn ($one, $other) => $one[0] <=> $other[0]);

        return $this->repeatSome(array_slice($distinct, 0, $count));
    }

    /**
     * @param list<array{float, Delivery}> $distinct
     * @return list<Delivery>
     */
    private function repeatSome(array $distinct): array
    {
        $all = $distinct;
        foreach ($distinct as $place => [$position, $delivery]) {
            if ($place === 2 || $this->sample->chance(self::TWICE_SHARE)) {
                $delivery->copies = 2;
                $all[] = [$position + $this->sample->int(0, 15), $delivery];
            }
        }
        usort($all, fn ($one, $other) => $one[0] <=> $other[0]);

        return array_column($all, 1);
    }

    private function payin(bool $updateFirst): void
    {
        $id = $this->sample->id();
        $object = $this->treezor->payin($id);
        $created = $this->treezor->notification('payin.create', 'payins', $id, $object, $this->tick());
        if (!$updateFirst && count($this->planned) > 0 && !$this->sample->chance(self::UPDATED_SHARE)) {
            $this->plan($created);

            return;
        }
        $object['payinStatus'] = $this->sample->chance(0.9) ? 'VALIDATED' : 'CANCELED';
        $object['codeStatus'] = '140005';
        $updated = $this->treezor->notification('payin.update', 'payins', $id, $object, $this->tick());
        $this->plan($updateFirst ? $updated : $created);
        $this->plan($updateFirst ? $created : $updated, $this->sample->int(1, 30));
    }

    private function payout(): void
    {
        $id = $this->sample->id();
        $wallet = $this->sample->id();
        $amount = $this->sample->amount();
        $steps = $this->sample->of([
            [PayoutStatus::Pending],
            [PayoutStatus::Pending, PayoutStatus::Validated],
            [PayoutStatus::Pending, PayoutStatus::Canceled],
            [PayoutStatus::Pending, PayoutStatus::Validated, PayoutStatus::Canceled],
        ]);
        $deliveries = array_map(
            fn (PayoutStatus $status) => $this->treezor->payout($id, $wallet, $amount, $status, $this->tick()),
            $steps,
        );
        if ($this->sample->chance(self::LATE_SHARE)) {
            $deliveries = array_reverse($deliveries);
        }
        $after = 0;
        foreach ($deliveries as $delivery) {
            $this->plan($delivery, $after);
            $after += $this->sample->int(1, 10);
        }
    }

    private function cardTransaction(): void
    {
        $id = $this->sample->id();
        $object = $this->treezor->cardTransaction($id);
        $at = $this->tick();
        $this->plan($this->treezor->notification('cardtransaction.create', 'cardtransactions', $id, $object, $at));
    }

    private function balance(string $wallet): void
    {
        $at = $this->tick() - ($this->sample->chance(self::LATE_SHARE) ? 200 * self::STEP : 0);
        $object = $this->treezor->balance($wallet);
        $this->plan($this->treezor->notification('balance.update', 'balances', $wallet, $object, $at));
    }

    private function plan(Delivery $delivery, int $after = 0): void
    {
        $this->planned[] = [count($this->planned) + $after, $delivery];
    }

    /** @return int 1e-4 s */
    private function tick(): int
    {
        return $this->now += self::STEP + $this->sample->int(0, 9999);
    }
}
