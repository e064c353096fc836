<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * A table whose rows are effects.
 */
final class Table
{
    /**
     * @param list<string> $key natural key: columns whose values both systems know (never an auto-increment)
     * @param list<string> $omit columns that only this database knows: surrogate ids
     */
    public function __construct(
        public readonly string $name,
        public readonly array $key,
        public readonly array $omit = [],
    ) {
    }

    /** @param array<string, mixed> $image all columns of one row */
    public function effect(array $image): Effect
    {
        $key = implode('/', array_map(fn (string $column): string => (string) $image[$column], $this->key));

        return new Effect('row', $this->name, $key, array_diff_key($image, array_flip($this->omit)), true);
    }
}
