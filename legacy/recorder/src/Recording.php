<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PDO;
use PDOException;

/**
 * Runs a handler in one transaction together with its outcome: either both are there or neither. An attempt that
 * fails leaves an outcome too, in a transaction of its own.
 */
final class Recording
{
    private bool $open = false;

    /**
     * @param \Closure(\Throwable): bool $isFinal true if the message will not come again after this failure
     * @param \Closure(): \DateTimeImmutable $now
     * @param string|null $begin SQL that opens a transaction, where PDO's own is not the right one
     *        (SQLite with several writers: BEGIN IMMEDIATE)
     * @param bool $once true if a message of which the outbox knows that it is done is a repeat, and handled no more: for
     *        applications that do not recognise one themselves
     */
    public function __construct(
        private readonly PDO $pdo,
        private readonly Recorder $recorder,
        private readonly Outbox $outbox,
        private readonly \Closure $isFinal,
        private readonly \Closure $now,
        private readonly ?string $begin = null,
        private readonly bool $once = false,
    ) {
    }

    /**
     * @param callable(): (Ending|null) $handle null means done; a handler that recognises a repeat says so
     * @param Stamp|null $stamp what the router has decided, where there is one
     * @throws StampedForNew before anything was run or written
     * @throws \Throwable what the handler threw, after its outcome was recorded; what the database threw, in which case
     *         there may be none
     */
    public function attempt(string $messageId, string $type, callable $handle, ?Stamp $stamp = null): Outcome
    {
        $stamp?->admit();
        $this->open();
        try {
            $this->recorder->start($stamp?->muted ?? false);
            $ending = $this->isRepeat($messageId) ? Ending::Duplicate : $handle() ?? Ending::Done;
            $outcome = new Outcome(
                $messageId,
                $type,
                $this->outbox->nextAttempt($messageId),
                $ending,
                null,
                ($this->now)(),
                $this->recorder->finish($this->pdo),
                $stamp?->muted ?? false,
            );
            $this->outbox->append($outcome);
            $this->commit();

            return $outcome;
        } catch (\Throwable $thrown) {
            $left = $this->recorder->abandon();
            $this->rollBack();
            $this->recordFailure($messageId, $type, $thrown, $left, $stamp);
            throw $thrown;
        }
    }

    /**
     * Records an attempt that failed before there was a transaction, such as a body that cannot be read.
     *
     * @param list<Effect> $effects what has left all the same
     * @param Stamp|null $stamp what the router has decided, where there is one
     */
    public function recordFailure(
        string $messageId,
        string $type,
        \Throwable $thrown,
        array $effects = [],
        ?Stamp $stamp = null,
    ): Outcome {
        $this->open();
        try {
            $outcome = new Outcome(
                $messageId,
                $type,
                $this->outbox->nextAttempt($messageId),
                ($this->isFinal)($thrown) ? Ending::Rejected : Ending::Retried,
                self::causeOf($thrown),
                ($this->now)(),
                $effects,
                $stamp?->muted ?? false,
            );
            $this->outbox->append($outcome);
            $this->commit();

            return $outcome;
        } catch (\Throwable $trouble) {
            $this->rollBack();
            throw $trouble;
        }
    }

    private function isRepeat(string $messageId): bool
    {
        return $this->once && $this->outbox->isDone($messageId);
    }

    private function open(): void
    {
        $this->begin === null ? $this->pdo->beginTransaction() : $this->pdo->exec($this->begin);
        $this->open = true;
    }

    /** A transaction that was opened by SQL is closed by SQL: PDO for SQLite does not know of it. */
    private function commit(): void
    {
        $this->begin === null ? $this->pdo->commit() : $this->pdo->exec('COMMIT');
        $this->open = false;
    }

    private function rollBack(): void
    {
        if (!$this->open) {
            return;
        }
        $this->open = false;
        try {
            $this->begin === null ? $this->pdo->rollBack() : $this->pdo->exec('ROLLBACK');
        } catch (PDOException) {
            // The database has rolled back by itself (disk full, connection lost); the first failure is what counts.
        }
    }

    /** Only the class's own name: message texts quote values, and names of anonymous classes hold paths. */
    private static function causeOf(\Throwable $thrown): string
    {
        $class = explode('\\', strstr($thrown::class, "\0", true) ?: $thrown::class);

        return end($class);
    }
}
