<?php

/**
 * Writes random values of the kinds that hold one another, one line each: base64 of serialize().
 *
 * Usage: php graphs.php SEED COUNT
 */

declare(strict_types=1);

enum Suit
{
    case Hearts;
    case Spades;
}

class Node
{
    public mixed $any = null;
    protected mixed $kept = null;
    private mixed $own = null;

    public function put(mixed &$value): void
    {
        $this->kept = $value;
        $this->own = &$value;
    }
}

final class Leaf extends Node
{
    private mixed $own = 'of the child';
    public readonly int $number;

    public function own(): mixed
    {
        return $this->own;
    }
}

final class OwnForm
{
    public mixed $held = null;

    /** @return array<int|string, mixed> */
    public function __serialize(): array
    {
        return ['held' => $this->held, 7 => [$this]];
    }

    /** @param array<int|string, mixed> $data */
    public function __unserialize(array $data): void
    {
    }
}

/** Makes a graph: places that were made before are put in again, as values or by reference. */
final class Maker
{
    /** @var list<mixed> */
    private array $made = [];

    public function value(int $depth): mixed
    {
        $again = $this->made === [] ? 0 : mt_rand(0, 3);
        if ($again === 1) {
            return $this->made[array_rand($this->made)];
        }
        switch (mt_rand(0, $depth > 0 ? 9 : 5)) {
            case 0:
                return mt_rand(-1000, 1000);
            case 1:
                return [0.1, -0.0, 1e25, 12.5, 1 / 3, INF][mt_rand(0, 5)];
            case 2:
                return ['', 'é€', "\xE9\0", 'it\'s "quoted";', 's:3:"abc";'][mt_rand(0, 4)];
            case 3:
                return [true, false, null][mt_rand(0, 2)];
            case 4:
                return Suit::cases()[mt_rand(0, 1)];
            case 5:
                return new DateTimeImmutable('2024-10-27 02:30:00', new DateTimeZone('Europe/Paris'));
            case 6:
                return $this->object($depth);
            default:
                return $this->array($depth);
        }
    }

    private function object(int $depth): object
    {
        $object = [new stdClass(), new Node(), new Leaf(), new OwnForm(), new ArrayObject()][mt_rand(0, 4)];
        $this->made[] = $object;
        if ($object instanceof Node) {
            $object->any = $this->value($depth - 1);
            $shared = $this->value($depth - 1);
            $object->put($shared);
            $this->made[] = &$shared;
        } elseif ($object instanceof OwnForm) {
            $object->held = $this->value($depth - 1);
        } elseif ($object instanceof stdClass) {
            $object->{'7'} = $this->value($depth - 1);
            $object->é = $this->value($depth - 1);
            $object->itself = mt_rand(0, 1) ? $object : null;
        } else {
            $object['x'] = $this->value($depth - 1);
        }

        return $object;
    }

    /** @return array<int|string, mixed> */
    private function array(int $depth): array
    {
        $array = [];
        foreach (range(0, mt_rand(0, 4)) as $position) {
            $key = mt_rand(0, 2) ? $position : ['a', '07', '-5', 'é', ''][mt_rand(0, 4)];
            if ($this->made !== [] && mt_rand(0, 3) === 0) {
                $array[$key] = &$this->made[array_rand($this->made)];
            } else {
                $array[$key] = $this->value($depth - 1);
                if (mt_rand(0, 3) === 0) {
                    $this->made[] = &$array[$key];
                }
            }
        }
        if (mt_rand(0, 5) === 0) {
            $array['itself'] = &$array;
        }

        return $array;
    }
}

mt_srand((int) $argv[1]);
for ($count = (int) $argv[2]; $count > 0; --$count) {
    echo base64_encode(serialize((new Maker())->value(5))), "\n";
}
