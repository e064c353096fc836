<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PDO;
use PDOStatement;

/**
 * A PDO that notices which watched rows are written. Use it wherever `new PDO` was; persistent connections are the
 * one thing that it cannot do, because PDO allows no own statement class there.
 */
final class RecordingPdo extends PDO
{
    /** @param array<int, mixed>|null $options */
    public function __construct(
        private readonly Recorder $recorder,
        string $dsn,
        ?string $username = null,
        ?string $password = null,
        ?array $options = null,
    ) {
        parent::__construct($dsn, $username, $password, $options);
        $this->setAttribute(PDO::ATTR_STATEMENT_CLASS, [RecordingStatement::class, [$this]]);
    }

    public function exec(string $statement): int|false
    {
        $count = 0;
        $this->watch($statement, [], function () use ($statement, &$count): int {
            $count = parent::exec($statement);

            return (int) $count;
        });

        return $count;
    }

    public function query(string $query, ?int $fetchMode = null, mixed ...$fetchModeArgs): PDOStatement|false
    {
        $result = false;
        $this->watch($query, [], function () use ($query, $fetchMode, $fetchModeArgs, &$result): int {
            $result = parent::query($query, $fetchMode, ...$fetchModeArgs);

            return $result === false ? 0 : $result->rowCount();
        });

        return $result;
    }

    /**
     * Runs a statement and tells the recorder which rows it has written.
     *
     * @param array<int|string, mixed> $parameters
     * @param callable(): int $run returns the number of rows written
     */
    public function watch(string $sql, array $parameters, callable $run): void
    {
        $write = WriteStatement::parse($sql);
        if ($write !== null && $write->table === null) {
            $run();
            $this->recorder->missedIn($sql, $write->opaque);

            return;
        }
        $table = $write === null ? null : $this->recorder->watched($write->table);
        if ($write === null || $table === null) {
            $run();

            return;
        }
        // After an UPDATE its condition may no longer find the rows, so they are looked up before.
        $keys = $write->where === null ? [] : $this->keysBefore($write, $table, $parameters);
        if ($run() === 0 && $write->counted) {
            return;
        }
        if ($write->where === null) {
            $keys = $this->keysInserted($write, $table, $parameters);
        }
        if (!$write->readable || in_array(null, $keys, true)) {
            $this->recorder->missed($table, 'the statement does not tell its rows');
        }
        foreach (array_filter($keys) as $key) {
            $this->recorder->touch($table, $key);
        }
    }

    /**
     * @param array<int|string, mixed> $parameters
     * @return list<array<string, mixed>|null>
     */
    private function keysBefore(WriteStatement $write, Table $table, array $parameters): array
    {
        $columns = implode('|', array_map(fn ($column) => preg_quote($column, '/'), $table->key));
        if (!$write->readable || preg_match("/\\b(?:$columns)[\"`]?\\s*=/i", $write->changes)) {
            return [null];
        }
        $statement = $this->prepare(
            'SELECT ' . implode(', ', $table->key) . " FROM {$table->name} {$write->alias} WHERE {$write->where}"
        );
        $statement->execute($write->conditionParameters($parameters));

        return $statement->fetchAll(PDO::FETCH_ASSOC);
    }

    /**
     * @param array<int|string, mixed> $parameters
     * @return list<array<string, mixed>|null>
     */
    private function keysInserted(WriteStatement $write, Table $table, array $parameters): array
    {
        $keys = [];
        foreach ($write->rows as $row) {
            $key = [];
            foreach ($table->key as $column) {
                $key[$column] = isset($row[$column])
                    ? WriteStatement::value($row[$column], $parameters)
                    : (count($write->rows) === 1 && count($table->key) === 1 ? $this->lastInsertId() : null);
            }
            $keys[] = in_array(null, $key, true) ? null : $key;
        }

        return $keys ?: [null];
    }
}
