<?php

declare(strict_types=1);

namespace Monolith;

use PDO;
use Strangler\Recorder\Recorder;
use Strangler\Recorder\RecordingPdo;
use Strangler\Recorder\Table;

/**
 * SQLite for several consumers at once: a write-ahead log, patience, and transactions that lock when they begin.
 */
final class Database
{
    public const BEGIN = 'BEGIN IMMEDIATE';
    private const BUSY_TIMEOUT_MS = 10000;

    /** @throws ConfigurationError if there can be no such database */
    public static function open(string $dsn, Recorder $recorder): PDO
    {
        try {
            $pdo = new RecordingPdo($recorder, $dsn, options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        } catch (\PDOException) {
            throw new ConfigurationError('the database cannot be opened, see MONOLITH_DSN: ' . strtok($dsn, ';'));
        }
        $pdo->exec('PRAGMA busy_timeout = ' . self::BUSY_TIMEOUT_MS);
        $pdo->exec('PRAGMA journal_mode = WAL');
        $pdo->exec('PRAGMA synchronous = NORMAL');

        return $pdo;
    }

    public static function install(PDO $pdo): void
    {
        $pdo->exec((string) file_get_contents(dirname(__DIR__) . '/schema.sql'));
    }

    /** @return array<string, Table> the tables whose rows are effects, by name */
    public static function tables(): array
    {
        return [
            'payins' => new Table('payins', ['payin_id']),
            'payouts' => new Table('payouts', ['payout_id']),
            'card_transactions' => new Table('card_transactions', ['card_transaction_id']),
            'balances' => new Table('balances', ['wallet_id']),
            'journal' => new Table('journal', ['webhook_id'], ['id']),
        ];
    }
}
