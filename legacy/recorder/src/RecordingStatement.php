<?php

declare(strict_types=1);

namespace Strangler\Recorder;

use PDO;
use PDOStatement;

/**
 * Remembers what is bound, because PDO does not tell.
 */
final class RecordingStatement extends PDOStatement
{
    /** @var array<int|string, mixed> */
    private array $bound = [];

    protected function __construct(private readonly RecordingPdo $pdo)
    {
    }

    public function bindValue(int|string $param, mixed $value, int $type = PDO::PARAM_STR): bool
    {
        $this->bound[is_int($param) ? $param - 1 : $param] = $value;

        return parent::bindValue($param, $value, $type);
    }

    public function bindParam(
        int|string $param,
        mixed &$var,
        int $type = PDO::PARAM_STR,
        int $maxLength = 0,
        mixed $driverOptions = null,
    ): bool {
        $this->bound[is_int($param) ? $param - 1 : $param] = &$var;

        return parent::bindParam($param, $var, $type, $maxLength, $driverOptions);
    }

    public function execute(?array $params = null): bool
    {
        $done = false;
        $this->pdo->watch($this->queryString, $params ?? $this->bound, function () use ($params, &$done): int {
            $done = parent::execute($params);

            return $this->rowCount();
        });

        return $done;
    }
}
