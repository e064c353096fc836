<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PDO;

/**
 * Tells which rows there are, each as the effect that the recorder would have recorded for it, and at last how many they
 * were: an export that was cut off ends without. One transaction, so that the rows belong together; one row in memory at
 * a time, as far as the driver lets it.
 */
final class StateExport
{
    /**
     * @param \Closure(string): void $write takes a line of JSON, its end included
     * @param string|null $begin SQL that opens a transaction that reads one snapshot, where PDO's own does not
     *        (PostgreSQL: BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY)
     */
    public function __construct(
        private readonly PDO $pdo,
        private readonly \Closure $write,
        private readonly ?string $begin = null,
    ) {
    }

    /**
     * Writes a whole export: call it once, with all that belongs to it.
     *
     * @param list<array{0: Table, 1?: string, 2?: list<mixed>}> $selections table, SQL condition, its parameters
     * @return int number of rows
     * @throws \PDOException|\JsonException and what the writer throws; what was written is incomplete then
     */
    public function run(array $selections): int
    {
        $this->begin === null ? $this->pdo->beginTransaction() : $this->pdo->exec($this->begin);
        try {
            $rows = 0;
            foreach ($selections as $selection) {
                $rows += $this->export(...$selection);
            }

            ($this->write)(Json::encode(['kind' => 'end', 'rows' => $rows]) . "\n");

            return $rows;
        } finally {
            $this->begin === null ? $this->pdo->rollBack() : $this->pdo->exec('ROLLBACK');
        }
    }

    /** @param list<mixed> $parameters */
    private function export(Table $table, string $condition = '1 = 1', array $parameters = []): int
    {
        $statement = $this->pdo->prepare("SELECT * FROM {$table->name} WHERE $condition");
        $statement->execute($parameters);
        for ($rows = 0; ($image = $statement->fetch(PDO::FETCH_ASSOC)) !== false; $rows++) {
            ($this->write)(Json::encode($table->effect($image)->document()) . "\n");
        }
        $statement->closeCursor();

        return $rows;
    }
}
