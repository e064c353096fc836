<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * As much of an SQL write as is needed to tell which rows it writes: INSERT or REPLACE … VALUES (with ON CONFLICT or
 * ON DUPLICATE KEY), UPDATE and DELETE of one table. It reads the text only; it never changes what runs.
 */
final class WriteStatement
{
    private const KEPT = 500;
    private const TOKEN = '/\'(?:[^\']|\'\')*\'|"[^"]*"|`[^`]*`|\?|::\w+|:\w+|[(),]|[^\'"`?:(),]+|./s';

    /** @var array<string, self|null> */
    private static array $parsed = [];

    /**
     * @param list<array<string, string>> $rows INSERT: for each tuple, column => expression; "?3" is the 4th "?"
     * @param string|null $where UPDATE, DELETE: condition; null for INSERT
     * @param int $skipped number of "?" before the condition
     * @param string $changes UPDATE: text after SET
     */
    private function __construct(
        public readonly string $table,
        public readonly array $rows = [],
        public readonly ?string $where = null,
        public readonly int $skipped = 0,
        public readonly string $changes = '',
        public readonly bool $readable = true,
    ) {
    }

    /** @return self|null null if the statement writes no table */
    public static function parse(string $sql): ?self
    {
        if (!array_key_exists($sql, self::$parsed)) {
            // Statements with values written into them are all different, and workers live long.
            self::$parsed = count(self::$parsed) < self::KEPT ? self::$parsed : [];
            self::$parsed[$sql] = self::read(trim($sql, " \t\r\n;"));
        }

        return self::$parsed[$sql];
    }

    private static function read(string $sql): ?self
    {
        $name = '[`"]?(?:\w+[`"]?\.[`"]?)?(?<table>\w+)[`"]?';
        if (preg_match("/^(?:INSERT(?:\\s+(?:OR\\s+)?\\w+)??|REPLACE)\\s+INTO\\s+$name(?<rest>.*)$/is", $sql, $found)) {
            return self::readInsert($found['table'], $found['rest']);
        }
        $nested = preg_match('/\bSELECT\b|\bJOIN\b|\bRETURNING\b|\bLIMIT\b/i', $sql) === 1;
        if (preg_match("/^UPDATE\\s+(?:OR\\s+\\w+\\s+)?$name\\s+SET\\s+(?<rest>.*)$/is", $sql, $found)) {
            $parts = preg_split('/\sWHERE\s/i', $found['rest']);
            $changes = $parts[0];
            $skipped = count(array_keys(self::tokens($changes), '?', true));

            $readable = !$nested && count($parts) < 3;

            return new self($found['table'], [], $parts[1] ?? '1 = 1', $skipped, $changes, $readable);
        }
        if (preg_match("/^DELETE\\s+FROM\\s+$name(?:\\s+WHERE\\s+(?<rest>.*))?$/is", $sql, $found)) {
            return new self($found['table'], [], $found['rest'] ?? '1 = 1', readable: !$nested);
        }

        return null;
    }

    private static function readInsert(string $table, string $rest): self
    {
        $list = '/^\s*\((?<columns>[^)]*)\)\s*VALUES\s*(?<tuples>.*)$/is';
        if (!preg_match($list, $rest, $found)) {
            return new self($table, readable: false);
        }
        $columns = array_map(fn ($column) => trim($column, " \t\r\n`\""), explode(',', $found['columns']));
        $rows = $row = [];
        $depth = $marks = 0;
        $expression = '';
        foreach (self::tokens($found['tuples']) as $token) {
            $depth += ['(' => 1, ')' => -1][$token] ?? 0;
            if ($depth === 0 && $token === ')') {
                $rows[] = [...$row, trim($expression)];
                [$row, $expression] = [[], ''];
            } elseif ($depth === 1 && $token === ',') {
                $row[] = trim($expression);
                $expression = '';
            } elseif ($depth === 0 && trim($token) !== '' && $token !== ',') {
                break; // ON CONFLICT …, ON DUPLICATE KEY …
            } elseif ($depth > 1 || ($depth === 1 && $token !== '(')) {
                $expression .= $token === '?' ? '?' . $marks++ : $token;
            }
        }
        foreach ($rows as $values) {
            if (count($values) !== count($columns)) {
                return new self($table, readable: false);
            }
        }

        return new self($table, array_map(fn ($values) => array_combine($columns, $values), $rows));
    }

    /** @return list<string> */
    private static function tokens(string $sql): array
    {
        preg_match_all(self::TOKEN, $sql, $found);

        return $found[0];
    }

    /**
     * @param array<int|string, mixed> $parameters as PDO takes them; ordinals count from 0
     * @return mixed value of an INSERT's expression; null if it is computed by the database
     */
    public static function value(string $expression, array $parameters): mixed
    {
        return match (true) {
            $expression === '' => null,
            $expression[0] === '?' => $parameters[(int) substr($expression, 1)] ?? null,
            $expression[0] === ':' => $parameters[$expression] ?? $parameters[substr($expression, 1)] ?? null,
            is_numeric($expression) => $expression,
            preg_match('/^\'(?:[^\']|\'\')*\'$/', $expression) === 1
                => str_replace("''", "'", substr($expression, 1, -1)),
            default => null,
        };
    }

    /**
     * @param array<int|string, mixed> $parameters
     * @return array<int|string, mixed> those that the condition of an UPDATE or DELETE uses
     */
    public function conditionParameters(array $parameters): array
    {
        $used = [];
        $ordinal = $this->skipped;
        foreach (self::tokens((string) $this->where) as $token) {
            if ($token === '?') {
                $used[] = $parameters[$ordinal++] ?? null;
            } elseif (preg_match('/^:\w+$/', $token)) {
                $used[$token] = $parameters[$token] ?? $parameters[substr($token, 1)] ?? null;
            }
        }

        return $used;
    }
}
