<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PDO;

/**
 * Outcomes wait in a table of the handler's own database until the broker has them. A row outlives its delivery,
 * emptied, because the number of a message's next attempt is counted from it, and repeats are recognised by it.
 */
final class Outbox
{
    /** @param string $source who writes here; each source delivers its own rows, so that consumers need no lock */
    public function __construct(private readonly PDO $pdo, private readonly string $source)
    {
    }

    public function install(): void
    {
        $this->pdo->exec((string) file_get_contents(dirname(__DIR__) . '/schema.sql'));
    }

    /** @return int 1 + the earlier outcomes of this message. To be called in the transaction that appends. */
    public function nextAttempt(string $messageId): int
    {
        $statement = $this->pdo->prepare('SELECT MAX(attempt) FROM strangler_outbox WHERE message_id = ?');
        $statement->execute([$messageId]);

        return 1 + (int) $statement->fetchColumn();
    }

    /**
     * Whether an attempt at this message was done, whoever of this database's sources made it. To be called in the
     * transaction that appends: of two that ask at once, one fails on the number of its attempt, and comes again.
     */
    public function isDone(string $messageId): bool
    {
        $statement = $this->pdo->prepare('SELECT 1 FROM strangler_outbox WHERE message_id = ? AND ending = ? LIMIT 1');
        $statement->execute([$messageId, Ending::Done->value]);

        return $statement->fetchColumn() !== false;
    }

    public function append(Outcome $outcome): void
    {
        $this->pdo->prepare(
            'INSERT INTO strangler_outbox (message_id, attempt, type, ending, source, document)
             VALUES (?, ?, ?, ?, ?, ?)'
        )->execute([
            $outcome->messageId,
            $outcome->attempt,
            $outcome->type,
            $outcome->ending->value,
            $this->source,
            $outcome->toJson(),
        ]);
    }

    /**
     * Hands waiting outcomes over, oldest first, until none waits. Repeats some if it is interrupted.
     *
     * @param callable(list<array{message_id: string, attempt: int, type: string, document: string}>): void $deliver
     *        returns when all are safe, throws if they are not: then they stay and go with the next flush
     * @return int number of outcomes that were handed over
     */
    public function flush(callable $deliver, int $atOnce = 200): int
    {
        $total = 0;
        $waiting = $this->pdo->prepare(
            "SELECT id, message_id, attempt, type, document FROM strangler_outbox
             WHERE source = ? AND sent_at IS NULL ORDER BY id LIMIT $atOnce"
        );
        do {
            $waiting->execute([$this->source]);
            $rows = $waiting->fetchAll(PDO::FETCH_ASSOC);
            if ($rows === []) {
                break;
            }
            $deliver($rows);
            $places = implode(', ', array_fill(0, count($rows), '?'));
            $this->pdo->prepare("UPDATE strangler_outbox SET sent_at = ?, document = '' WHERE id IN ($places)")
                ->execute([gmdate('Y-m-d H:i:s'), ...array_column($rows, 'id')]);
            $total += count($rows);
        } while (count($rows) === $atOnce);

        return $total;
    }

    /**
     * Forgets attempts that were delivered before this. Keep them for longer than any retry takes, and where repeats are
     * recognised by them for as long as a message may come again: until no family can go back any more.
     */
    public function prune(\DateTimeImmutable $before): int
    {
        $statement = $this->pdo->prepare('DELETE FROM strangler_outbox WHERE sent_at < ?');
        $statement->execute([$before->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d H:i:s')]);

        return $statement->rowCount();
    }
}
