<?php

declare(strict_types=1);

namespace Strangler\Recorder;

/**
 * As much of an SQL write as is needed to tell which rows it writes: INSERT or REPLACE … VALUES (with ON CONFLICT or
 * ON DUPLICATE KEY), UPDATE and DELETE of one table. It reads the text only; it never changes what runs. What it does
 * not understand counts as a write that cannot be read: a row that nobody noticed would be a wrong "same".
 */
final class WriteStatement
{
    private const KEPT = 500;
    private const TOKEN = '/\'(?:[^\']|\'\')*\'|"[^"]*"|`[^`]*`|\?|::\w+|:\w+|[(),]|[^\'"`?:(),]+|./s';
    /** MySQL runs what is in comments that begin with an exclamation mark, so those are none. */
    private const QUOTED_OR_COMMENT = '~\'[^\']*+\'|"[^"]*+"|`[^`]*+`|--[^\n]*+|/\*(?!!).*?\*/~s';
    private const NAME = '(?:[`"]?\w+[`"]?\.)?[`"]?(?<table>\w+)[`"]?';
    private const ALIAS = '(?:\s+(?:AS\s+)?[`"]?(?<alias>(?!AS\b|SET\b|WHERE\b)\w+)[`"]?)?';
    private const MODIFIERS = '(?:\s+(?:OR\s+\w+|LOW_PRIORITY|HIGH_PRIORITY|IGNORE))*+';
    /** First words of what only reads, or controls the session or the transaction. */
    private const READING = [
        'SELECT', 'SHOW', 'PRAGMA', 'EXPLAIN', 'DESCRIBE', 'DESC', 'VALUES', 'TABLE', 'SET', 'RESET', 'USE', 'BEGIN',
        'START', 'COMMIT', 'END', 'ROLLBACK', 'ABORT', 'SAVEPOINT', 'RELEASE', 'LOCK', 'UNLOCK',
    ];
    /** First words of what has to name the tables that it writes. A procedure need not. */
    private const NAMING = [
        'INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'MERGE', 'TRUNCATE', 'WITH', 'EXPLAIN', 'COPY', 'LOAD', 'CREATE',
        'ALTER', 'DROP', 'RENAME',
    ];

    /** @var array<string, self|null> */
    private static array $parsed = [];

    /**
     * @param string|null $table null if not even that can be read
     * @param list<array<string, string>> $rows INSERT: for each tuple, column => expression; "?3" is the 4th "?"
     * @param string|null $where UPDATE, DELETE: condition; null for INSERT
     * @param int $skipped number of "?" before the condition
     * @param string $changes UPDATE: text after SET
     * @param string $alias UPDATE, DELETE: what the condition calls the table, or ""
     * @param bool $counted whether 0 as the number of rows written means that none was
     * @param string|null $opaque what runs, if it may write tables that it does not name: "CALL settle"
     */
    private function __construct(
        public readonly ?string $table,
        public readonly array $rows = [],
        public readonly ?string $where = null,
        public readonly int $skipped = 0,
        public readonly string $changes = '',
        public readonly string $alias = '',
        public readonly bool $readable = true,
        public readonly bool $counted = true,
        public readonly ?string $opaque = null,
    ) {
    }

    /** @return self|null null if the statement plainly writes no table */
    public static function parse(string $sql): ?self
    {
        if (!array_key_exists($sql, self::$parsed)) {
            // Statements with values written into them are all different, and workers live long.
            self::$parsed = count(self::$parsed) < self::KEPT ? self::$parsed : [];
            self::$parsed[$sql] = self::read($sql);
        }

        return self::$parsed[$sql];
    }

    private static function read(string $sql): ?self
    {
        $sql = (string) preg_replace('/^(?:\s*+#[^\n]*+\n)+/', '', $sql);
        $sql = (string) preg_replace_callback(
            self::QUOTED_OR_COMMENT,
            fn (array $found) => in_array($found[0][0], ['-', '/'], true) ? ' ' : $found[0],
            $sql,
        );
        $sql = trim($sql, " \t\r\n\f\v\0;");
        // The same text, as long, but with nothing in its literals that looks like SQL.
        $bare = (string) preg_replace_callback(
            self::QUOTED_OR_COMMENT,
            fn (array $found) => preg_match('/^["`]\w+["`]$/', $found[0]) === 1
                ? $found[0]
                : "'" . str_repeat('x', max(0, strlen($found[0]) - 2)) . "'",
            $sql,
        );

        // Backslashes escape in MySQL only, and which database this is the text does not tell.
        $ambiguous = str_contains($sql, "\\'");
        $bare = $ambiguous ? $sql : $bare;

        return match (true) {
            $sql === '' => null,
            str_contains($bare, ';') => self::readSeveral(explode(';', $bare)),
            self::isReading($bare) => null,
            $ambiguous => self::unreadable($bare),
            default => self::readWrite($sql, $bare) ?? self::unreadable($bare),
        };
    }

    /** @param list<string> $statements in one text; only the last one's rows are counted, so none is read */
    private static function readSeveral(array $statements): ?self
    {
        $writes = array_filter(array_map(self::read(...), $statements));
        $opaque = array_filter(array_map(fn (self $write) => $write->opaque, $writes));

        return $writes === [] ? null : new self(null, readable: false, counted: false, opaque: array_shift($opaque));
    }

    private static function isReading(string $bare): bool
    {
        $verb = self::verb($bare);
        if ($verb === 'WITH' || ($verb === 'EXPLAIN' && preg_match('/\bANALYZE\b/i', $bare) === 1)) {
            $writing = '/(?<!\bFOR )(?<!\bKEY )\b(?:INSERT|UPDATE|DELETE|MERGE|REPLACE)\s+\w/i';

            return preg_match($writing, (string) preg_replace('/\s+/', ' ', $bare)) !== 1;
        }

        return in_array($verb, self::READING, true);
    }

    private static function verb(string $bare): string
    {
        return preg_match('/^[\s(]*(\w+)/', $bare, $found) === 1 ? strtoupper($found[1]) : '';
    }

    private static function unreadable(string $bare): self
    {
        $verb = self::verb($bare);
        $opaque = null;
        if (!in_array($verb, self::NAMING, true)) {
            $opaque = preg_match('/^(?:CALL|EXEC|EXECUTE)\s+([\w.]+)/i', $bare, $found) === 1
                ? "$verb {$found[1]}"
                : ($verb ?: 'statement');
        }

        return new self(null, readable: false, counted: false, opaque: $opaque);
    }

    private static function readWrite(string $sql, string $bare): ?self
    {
        // A write that returns rows may be counted only when they have been fetched.
        $counted = preg_match('/\bRETURNING\b/i', $bare) !== 1;
        $insert = '/^(?:INSERT|REPLACE)' . self::MODIFIERS . '(?:\s+INTO\s+' . self::NAME . '|\s+(?<into>' .
            str_replace('<table>', '<bare>', self::NAME) . ')(?=\s*\(|\s+(?:VALUES|SET|SELECT)\b))/i';
        if (preg_match($insert, $bare, $found)) {
            $table = $found['table'] !== '' ? $found['table'] : $found['bare'];

            return self::readInsert($table, substr($sql, strlen($found[0])), $counted);
        }
        $name = '(?!(?:ONLY|LOW_PRIORITY|IGNORE|QUICK)\b)' . self::NAME . self::ALIAS;
        $nested = preg_match('/\bSELECT\b|\bJOIN\b|\bRETURNING\b|\bLIMIT\b/i', $bare) === 1;
        if (preg_match("/^UPDATE\\s+(?:OR\\s+\\w+\\s+)?$name\\s+SET\\s+/i", $bare, $found)) {
            $start = strlen($found[0]);
            $parts = preg_split('/\sWHERE\s/i', substr($bare, $start), -1, PREG_SPLIT_OFFSET_CAPTURE) ?: [];
            $changes = substr($sql, $start, strlen($parts[0][0]));
            $where = isset($parts[1]) ? substr($sql, $start + $parts[1][1]) : '1 = 1';
            $skipped = count(array_keys(self::tokens($changes), '?', true));
            $readable = !$nested && count($parts) < 3 && preg_match('/\bFROM\b/i', $parts[0][0]) !== 1;

            return new self(
                $found['table'],
                [],
                $where,
                $skipped,
                $changes,
                $found['alias'] ?? '',
                $readable,
                $counted,
            );
        }
        if (preg_match("/^DELETE\\s+FROM\\s+$name(?:\\s+WHERE\\s+(?<rest>.*))?$/is", $bare, $found)) {
            $where = isset($found['rest']) ? substr($sql, -strlen($found['rest'])) : '1 = 1';

            return new self(
                $found['table'],
                where: $where,
                alias: $found['alias'] ?? '',
                readable: !$nested,
                counted: $counted,
            );
        }

        return null;
    }

    private static function readInsert(string $table, string $rest, bool $counted): self
    {
        $list = '/^\s*\((?<columns>[^)]*)\)\s*VALUES\s*(?<tuples>.*)$/is';
        if (!preg_match($list, $rest, $found)) {
            return new self($table, readable: false, counted: $counted);
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
                return new self($table, readable: false, counted: $counted);
            }
        }

        $named = array_map(fn ($values) => array_combine($columns, $values), $rows);

        return new self($table, $named, counted: $counted);
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
