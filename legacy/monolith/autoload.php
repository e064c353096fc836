<?php

/**
 * Class loading without composer: our three namespaces, and Debian's packages from /usr/share/php.
 */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $folders = [
        'Monolith\\' => __DIR__ . '/src/',
        'App\\Message\\' => __DIR__ . '/src/Message/',
        'Strangler\\Recorder\\' => dirname(__DIR__) . '/recorder/src/',
    ];
    foreach ($folders as $namespace => $folder) {
        if (str_starts_with($class, $namespace)) {
            $file = $folder . str_replace('\\', '/', substr($class, strlen($namespace))) . '.php';
            if (is_file($file)) {
                require $file;
            }

            return;
        }
    }
});
