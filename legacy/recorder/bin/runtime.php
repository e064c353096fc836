<?php

declare(strict_types=1);

/**
 * Prints which PHP this is, as JSON, as far as it changes what ported code has to answer. Run it as the monolith's
 * consumers run: on their host, with their configuration. Needs nothing of the recorder.
 *
 *     php bin/runtime.php > runtime.json
 */

echo json_encode([
    'version' => PHP_VERSION,
    'precision' => (int) ini_get('precision'),
    'serialize_precision' => (int) ini_get('serialize_precision'),
    'timezone' => date_default_timezone_get(),
    'tzdata' => timezone_version_get(),
], JSON_THROW_ON_ERROR), "\n";
