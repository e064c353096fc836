<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PDO;

/**
 * Collects the effects of the attempt that is under way. Outside of an attempt it ignores everything, so that
 * cron jobs and web requests that share the connection record nothing.
 */
final class Recorder
{
    /** @var array<string, Table> */
    private array $tables = [];
    /** @var list<Effect> */
    private array $effects = [];
    /** @var array<string, array{Table, array<string, mixed>}> rows that were written, by table and key */
    private array $touched = [];
    private bool $recording = false;
    private bool $muted = false;

    public function __construct(Table ...$tables)
    {
        foreach ($tables as $table) {
            $this->tables[$table->name] = $table;
        }
    }

    /**
     * Opens an attempt. Effects of one that was never closed are forgotten.
     *
     * @param bool $muted true if nothing may leave: see isMuted
     */
    public function start(bool $muted = false): void
    {
        $this->effects = $this->touched = [];
        $this->recording = true;
        $this->muted = $muted;
    }

    /**
     * True while an attempt is under way whose effects have left already, from the new system. Rows are to be written
     * as ever; whatever else would be seen from outside must be recorded and must not happen. RecordingChannel and
     * RecordingHttp keep to it; whoever records by hand asks here.
     */
    public function isMuted(): bool
    {
        return $this->recording && $this->muted;
    }

    /** @return Table|null null unless an attempt is under way and the table's rows are effects */
    public function watched(string $table): ?Table
    {
        if (!$this->recording) {
            return null;
        }
        // Most databases take names in any case, and a row too many is seen while a row too few is not.
        foreach ($this->tables as $name => $watched) {
            if (strcasecmp((string) $name, $table) === 0) {
                return $watched;
            }
        }

        return null;
    }

    /** @param array<string, mixed> $key a row that was written; it is read back when the attempt succeeds */
    public function touch(Table $table, array $key): void
    {
        $this->touched[$table->name . "\0" . implode("\0", $key)] = [$table, $key];
    }

    /** A write whose rows cannot be told: said openly, so that the comparison fails instead of agreeing blindly. */
    public function missed(Table $table, string $why): void
    {
        $this->effect('row', $table->name, '', ['unrecorded' => $why], undoneByRollback: true);
    }

    /**
     * A write that cannot be read: counts as one of every watched table that its text mentions.
     *
     * @param string|null $opaque what runs, if it may write tables that it does not mention
     */
    public function missedIn(string $sql, ?string $opaque): void
    {
        $why = 'the statement cannot be read';
        $mentioned = array_filter(
            $this->tables,
            fn (Table $table) => preg_match('/(?<!\w)' . preg_quote($table->name, '/') . '(?!\w)/i', $sql) === 1,
        );
        foreach ($mentioned as $table) {
            $this->missed($table, $why);
        }
        if ($mentioned === [] && $opaque !== null) {
            $this->effect('row', $opaque, '', ['unrecorded' => $why], undoneByRollback: true);
        }
    }

    /** @param bool $undoneByRollback true if the message waits in a table of the same transaction (outbox) */
    public function message(
        string $exchange,
        string $routingKey,
        string $body,
        string $contentType,
        bool $undoneByRollback = false,
    ): void {
        $value = ['body' => $body, 'content_type' => $contentType];
        $this->effect('message', "$exchange/$routingKey", '', $value, $undoneByRollback);
    }

    /**
     * @param array<string, string> $headers
     * @param bool $undoneByRollback true if the webhook waits in a table of the same transaction (outbox)
     */
    public function webhook(
        string $name,
        string $url,
        string $body,
        array $headers,
        bool $undoneByRollback = false,
    ): void {
        $value = ['url' => $url, 'body' => $body, 'headers' => $headers];
        $this->effect('webhook', $name, '', $value, $undoneByRollback);
    }

    /** @param array<string, mixed> $value anything that the wrappers of this library do not see */
    public function effect(string $kind, string $name, string $key, array $value, bool $undoneByRollback): void
    {
        if ($this->recording) {
            $this->effects[] = new Effect($kind, $name, $key, $value, $undoneByRollback);
        }
    }

    /**
     * Closes an attempt that is about to be committed. Must be called inside its transaction.
     *
     * @return list<Effect>
     */
    public function finish(PDO $pdo): array
    {
        $this->recording = false;
        $rows = [];
        foreach ($this->touched as [$table, $key]) {
            array_push($rows, ...$this->readBack($pdo, $table, $key));
        }

        return [...$rows, ...$this->effects];
    }

    /** @return list<Effect> what a failed attempt has done all the same: effects that no rollback can undo */
    public function abandon(): array
    {
        $this->recording = false;
        if ($this->muted) {
            return [];
        }

        return array_values(array_filter($this->effects, fn (Effect $effect) => !$effect->undoneByRollback));
    }

    /**
     * @param array<string, mixed> $key
     * @return list<Effect> one per row that has the key: two rows with one natural key are a difference worth seeing
     */
    private function readBack(PDO $pdo, Table $table, array $key): array
    {
        $conditions = implode(' AND ', array_map(fn ($column) => "$column = ?", array_keys($key)));
        $statement = $pdo->prepare("SELECT * FROM {$table->name} WHERE $conditions");
        $statement->execute(array_values($key));
        $images = $statement->fetchAll(PDO::FETCH_ASSOC) ?: [[]];
        // The key that was written, not the image's: a row that is gone has no image.
        $text = implode('/', array_map(strval(...), $key));

        return array_map(fn (array $image) => new Effect(
            'row',
            $table->name,
            $text,
            array_diff_key($image, array_flip($table->omit)),
            true,
        ), $images);
    }
}
