<?php

declare(strict_types=1);

namespace Monolith;

/**
 * The php.ini settings that amounts, dates and texts depend on, pinned: a different machine must not change them.
 */
final class Runtime
{
    private const EXIT_CONFIGURATION = 3;

    public static function prepare(): void
    {
        date_default_timezone_set('Europe/Paris');
        ini_set('precision', '14');
        ini_set('serialize_precision', '-1');
        ini_set('display_errors', 'stderr');
        ini_set('zend.exception_ignore_args', '1');
        mb_internal_encoding('UTF-8');
        error_reporting(E_ALL & ~E_DEPRECATED & ~E_USER_DEPRECATED);
        set_error_handler(static function (int $severity, string $text, string $file, int $line): bool {
            if ((error_reporting() & $severity) === 0) {
                return false;
            }
            throw new \ErrorException($text, 0, $severity, $file, $line);
        });
        set_exception_handler(static function (\Throwable $thrown): void {
            if ($thrown instanceof ConfigurationError) {
                self::log($thrown->getMessage());
                exit(self::EXIT_CONFIGURATION);
            }
            // Texts of exceptions quote values, and values are personal: the class and the place must do.
            self::log(sprintf('fatal: %s at %s:%d', $thrown::class, basename($thrown->getFile()), $thrown->getLine()));
            exit(1);
        });
    }

    public static function log(string $line): void
    {
        fwrite(STDERR, (new \DateTimeImmutable())->format('Y-m-d\TH:i:s.vP') . " $line\n");
    }
}
