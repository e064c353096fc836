<?php

/**
 * Prints the rows of one family's tables, and of the journal as far as it is the family's: an effect on each line, as
 * the recorder writes it; the last line says that it is the end, and how many rows there were. All rows are those of one
 * moment; consumers go on meanwhile.
 *
 *     php state.php --family payin|payout|cardtransaction|balance > state.ndjson
 *
 * Exit codes: 0 all rows are printed, 1 not all of them, 2 wrong usage, 3 wrong configuration.
 */

declare(strict_types=1);

use Monolith\ConfigurationError;
use Monolith\Family;
use Monolith\Monolith;
use Monolith\Runtime;
use Monolith\Settings;

require dirname(__DIR__) . '/autoload.php';

Runtime::prepare();
$settings = Settings::fromEnvironment();
$family = Family::tryFrom((string) (getopt('', ['family:'], $end)['family'] ?? ''));
if ($family === null || $end !== $argc) {
    fwrite(STDERR, "usage: php state.php --family payin|payout|cardtransaction|balance\n");
    exit(2);
}
$monolith = Monolith::bootstrap($settings->dsn, $settings->webhookSecret, 'state');
try {
    $monolith->exportState($family, static function (string $line): void {
        if (fwrite(STDOUT, $line) !== strlen($line)) {
            throw new RuntimeException('standard output takes no more');
        }
    });
} catch (PDOException) {
    throw new ConfigurationError('the database has no tables that can be read, see MONOLITH_DSN and setup.php');
}
