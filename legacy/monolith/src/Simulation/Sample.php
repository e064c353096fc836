<?php

declare(strict_types=1);

namespace Monolith\Simulation;

use Random\Engine\Xoshiro256StarStar;
use Random\Randomizer;

/**
 * Values that payment notifications really have and that ports get wrong. Everything personal carries a mark (Zzyx,
 * FR76ZZ, Lbl-Zz), so that a scan can tell whether any of it got somewhere in clear. The same seed, the same values.
 */
final class Sample
{
    private const NAMES = [
        'ÉMILE Zzyx', "Zoé Zzyx-d'Arc", 'MARÍA JOSÉ Zzyx Ñandú', 'ŁUKASZ Zzyx', '李 Zzyx', 'Zzyx 😀 & fils',
        "  Anne-Sophie\tZzyx ", "Conan O'BRIEN Zzyx", 'jean-pierre Zzyx DE LA TOUR', 'Müller/Zzyx \\ Söhne',
    ];
    private const LABELS = [
        'Lbl-Zz Facture 2024/10', 'Lbl-Zz Loyer d\'octobre', 'Lbl-Zz Noël à l’étranger', 'Lbl-Zz a\\/b \\ c',
        "Lbl-Zz ligne\u{2028}suivante\u{2029}fin", "Lbl-Zz \x7f effacé", 'Lbl-Zz 🎁🎂 anniversaire 👩‍👩‍👧',
        'Lbl-Zz "guillemets" <b>&amp;</b>', "Lbl-Zz tab\tet retour\r\nfin ", "Lbl-Zz \u{b}\u{1b}[0m",
        "\u{a0}Lbl-Zz insécable\u{a0}",
        '0', '',
    ];
    private const AMOUNTS = [
        '17.01', '57.00', '0.285', '1.005', '8868.835', '19.99', '1.15', '0.00', '0', '33.33', '1000000.01',
        '123456.785', '4.35', '0.01', '99.995', '2.675',
    ];
    private const BALANCES = [
        280, 280.5, 0, 0.0, 12.0, -12.34, 0.285, 1.005, 1.0e-7, 8868.835, 123456789012.345, 90071992547409.93, 9.99,
        1.0e15, -0.01, 100, 1234567,
    ];
    private const DATES = [
        '2024-10-27 02:30:00', '2024-10-27 01:59:59', '2024-03-31 02:30:00', '2024-10-26 23:30:00',
        '2024-06-14 10:50:08', '2024-02-29 00:00:00', '0000-00-00 00:00:00', '2023-12-31 23:59:59',
    ];
    private const MERCHANTS = [
        "Café de l'Opéra", 'BOULANGERIE PÂTISSERIE ÉLÉONORE', 'AMZN Mktp FR*2A3B4C', 'Tankstelle Köln/Süd', '寿司屋', 'X',
        ' SNCF INTERNET ',
    ];

    private readonly Randomizer $random;

    public function __construct(int $seed)
    {
        $this->random = new Randomizer(new Xoshiro256StarStar($seed));
    }

    public function int(int $low, int $high): int
    {
        return $this->random->getInt($low, $high);
    }

    /** @param float $share 0..1 */
    public function chance(float $share): bool
    {
        return $this->random->getInt(1, 1_000_000) <= $share * 1_000_000;
    }

    public function uuid(): string
    {
        $bytes = $this->random->getBytes(16);
        $bytes[6] = chr(ord($bytes[6]) & 0x0f | 0x40);
        $bytes[8] = chr(ord($bytes[8]) & 0x3f | 0x80);

        return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($bytes), 4));
    }

    /** @return string decimal; one of ten is beyond 2^53, where a double no longer tells neighbours apart */
    public function id(): string
    {
        $beyond = $this->chance(0.1);

        return (string) ($beyond ? 9007199254740993 + $this->int(0, 1 << 50) : $this->int(1_000_000, 999_999_999));
    }

    public function digits(int $count): string
    {
        return implode('', array_map(fn () => $this->int(0, 9), range(1, $count)));
    }

    public function name(): string
    {
        return $this->of(self::NAMES);
    }

    public function iban(): string
    {
        return 'FR76ZZ' . $this->digits(2) . ($this->chance(0.3) ? ' 1234 5678 ' : '12345678') . $this->digits(11);
    }

    /** @return string up to 140 characters, which may be far more bytes */
    public function label(): string
    {
        if ($this->chance(0.15)) {
            $filling = $this->of(['é', 'ß€', '😀', 'ab', 'à côté ']);
            $start = 'Lbl-Zz ' . str_repeat('x', $this->int(0, 3));

            return mb_substr($start . str_repeat($filling, 140), 0, 140);
        }

        return $this->of(self::LABELS);
    }

    public function amount(): string
    {
        return match ($this->int(0, 3)) {
            0 => $this->of(self::AMOUNTS),
            // Odd euros: half a percent, and 1.5 percent, of them land on half a cent.
            1 => (2 * $this->int(0, 499) + 1) . '.00',
            2 => sprintf('%d.%03d', $this->int(0, 9999), 10 * $this->int(0, 99) + 5),
            default => sprintf('%d.%02d', $this->int(0, 99999), $this->int(0, 99)),
        };
    }

    public function balance(): int|float
    {
        return match ($this->int(0, 2)) {
            0 => $this->of(self::BALANCES),
            1 => $this->int(-500, 100_000),
            default => $this->int(-50_000, 10_000_000) / 100,
        };
    }

    public function date(): string
    {
        if ($this->chance(0.5)) {
            return $this->of(self::DATES);
        }
        [$month, $day, $hour] = [$this->int(1, 12), $this->int(1, 28), $this->int(0, 23)];

        return sprintf('2024-%02d-%02d %02d:%02d:%02d', $month, $day, $hour, $this->int(0, 59), $this->int(0, 59));
    }

    public function merchant(): string
    {
        return $this->of(self::MERCHANTS);
    }

    /**
     * @template T
     * @param non-empty-list<T> $choices
     * @return T
     */
    public function of(array $choices): mixed
    {
        return $choices[$this->random->getInt(0, count($choices) - 1)];
    }

    /**
     * @param array<string, mixed> $fields
     * @return array<string, mixed> the same, in another order one time of four
     */
    public function reorder(array $fields): array
    {
        if (!$this->chance(0.25)) {
            return $fields;
        }
        $reordered = [];
        foreach ($this->random->shuffleArray(array_keys($fields)) as $name) {
            $reordered[$name] = $fields[$name];
        }

        return $reordered;
    }
}
